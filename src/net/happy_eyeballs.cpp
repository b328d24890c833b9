// SPDX-License-Identifier: Apache-2.0
#include "net/happy_eyeballs.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

/// A Unix socket whose queue is full says so, and not when that changes.
constexpr nanos pause_before_a_full_queue = 10'000'000;

}  // namespace

std::vector<socket_address> interleave(const std::vector<socket_address>& addresses) {
    std::vector<socket_address> one, other, out;
    for (const socket_address& a : addresses) (a.family() == addresses.front().family() ? one : other).push_back(a);
    for (std::size_t i = 0; i < one.size() || i < other.size(); ++i) {
        if (i < one.size()) out.push_back(one[i]);
        if (i < other.size()) out.push_back(other[i]);
    }
    return out;
}

/// One address being connected to.
struct happy_eyeballs::attempt : connect_operation {
    attempt(happy_eyeballs& r, std::size_t i) noexcept : connect_operation(done), race(r), index(i), again(*this) {
        const socket_address& to = race.plan_.to[index];
        address = to.storage;
        address_bytes = to.bytes;
    }
    ~attempt() { race.loop_.operations().cancel(*this); }  // before its socket is closed

    static void done(operation& op, const completion& c) {
        attempt& self = static_cast<attempt&>(op);
        self.race.completed(self, -c.result);
    }
    void try_again() {
        try {
            race.loop_.operations().submit(*this);
        } catch (...) {
            race.completed(*this, refusal());
        }
    }

    happy_eyeballs& race;
    std::size_t index;
    registered_socket socket;
    owned_timer<attempt, &attempt::try_again> again;
};

const wait_kind happy_eyeballs::kind_ = {
    .name = "connect",
    .cancel =
        [](waiter& w) {
            static_cast<happy_eyeballs&>(w).end();
            return false;
        },
};

happy_eyeballs::happy_eyeballs(event_loop& loop, connect_plan plan)
    : waiter(kind_), loop_(loop), plan_(std::move(plan)), next_timer_(*this), deadline_timer_(*this) {
    // So that whatever happens later can be noted.
    attempts_.reserve(plan_.to.size());
    failures_.reserve(plan_.to.size());
}

happy_eyeballs::~happy_eyeballs() { give_up(); }

void happy_eyeballs::start() noexcept {
    if (plan_.deadline != never) loop_.add_timer(deadline_timer_, plan_.deadline);
    try_next();
}

/// Begins with the next address that does not fail at once.
void happy_eyeballs::try_next() noexcept {
    next_timer_.unlink();
    while (next_ < plan_.to.size()) {
        if (begin(next_++)) break;
    }
    if (attempts_.empty()) return end();
    if (next_ < plan_.to.size() && plan_.delay != never)
        loop_.add_timer(next_timer_, deadline_after(loop_.now(), plan_.delay));
}

/// @return false if it has failed
bool happy_eyeballs::begin(std::size_t index) noexcept {
    const socket_address* from = nullptr;
    int error = 0;
    try {
        auto a = std::make_unique<attempt>(*this, index);
        open(*a, from);
        attempts_.push_back(std::move(a));
        return true;
    } catch (...) {
        error = refusal();
    }
    failures_.push_back({index, from, error});
    return false;
}

/// @param from  what was bound to last
void happy_eyeballs::open(attempt& a, const socket_address*& from) {
    const int family = plan_.to[a.index].family();
    a.socket = registered_socket(loop_.operations(), make_stream_socket(family));
    if (family != AF_UNIX) set_option(a.socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
    if (!plan_.from.empty()) bind(a, from);
    from = nullptr;
    a.fd = a.socket.get();
    loop_.operations().submit(a);
}

void happy_eyeballs::bind(const attempt& a, const socket_address*& from) {
    int error = EADDRNOTAVAIL;  // none of that family
    for (const socket_address& each : plan_.from) {
        if (each.family() != plan_.to[a.index].family()) {
            if (!from) from = &each;
            continue;
        }
        from = &each;
        if (::bind(a.socket.get(), each.get(), each.bytes) == 0) return;
        error = errno;
    }
    throw std::system_error(error, std::generic_category(), "bind");
}

void happy_eyeballs::completed(attempt& a, int error) noexcept {
    if (error == 0) {
        connected_ = std::move(a.socket);
        return end();
    }
    if (error == EAGAIN && plan_.to[a.index].family() == AF_UNIX)
        return loop_.add_timer(a.again, deadline_after(loop_.now(), pause_before_a_full_queue));
    failures_.push_back({a.index, nullptr, error});
    std::erase_if(attempts_, [&](const auto& each) { return each.get() == &a; });
    try_next();
}

void happy_eyeballs::time_is_up() noexcept {
    timed_out_ = true;
    end();
}

void happy_eyeballs::end() noexcept {
    give_up();
    this->wake();
}

void happy_eyeballs::give_up() noexcept {
    next_timer_.unlink();
    deadline_timer_.unlink();
    attempts_.clear();
}

std::vector<connect_failure> happy_eyeballs::failures() const {
    std::vector<connect_failure> all;
    for (const failure& f : failures_) {
        const address to = plan_.to[f.to].text();
        const std::error_code code(f.error, std::generic_category());
        const std::string what = f.from ? "bind " + f.from->text().to_string() + " to connect to " + to.to_string()
                                        : "connect to " + to.to_string();
        all.push_back({to, code, what + ": " + code.message()});
    }
    return all;
}

}  // namespace weft::inline v0
