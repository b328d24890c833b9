// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/socket.hpp"

#include <weft/base/clock.hpp>
#include <weft/coro/task.hpp>
#include <weft/exec/thread_pool.hpp>
#include <weft/loop/event_loop.hpp>
#include <weft/loop/loop_service.hpp>
#include <weft/loop/timer_queue.hpp>
#include <weft/loop/waiter.hpp>
#include <weft/net/resolve.hpp>

#include <compare>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// What is asked of the system: as for getaddrinfo(3), or for getnameinfo(3).
struct lookup_query {
    std::string host;  // empty: with AI_PASSIVE every address of the machine
    std::string service;
    int family = 0;  // AF_UNSPEC
    int flags = 0;
    bool for_name = false;  // of a numeric host and port: what they are called
    auto operator<=>(const lookup_query&) const = default;
};

/// What the system says.
struct lookup_answer {
    int error = 0;  // EAI_…
    int system_error = 0;  // an errno, for EAI_SYSTEM
    std::vector<socket_address> addresses = {};  // none twice
    host_and_service name = {};  // if it was asked for
};

/// Blocks. Called on any thread, and on several at once.
using lookup_function = std::function<lookup_answer(const lookup_query&)>;
lookup_answer ask_system(const lookup_query& query);

/// The answer that needs no asking: to numeric addresses, "localhost", and an empty host. Empty: the system is to be asked.
std::optional<lookup_answer> answer_at_once(const lookup_query& query);

/// @throws std::invalid_argument  what cannot be asked
lookup_query make_query(std::string host, std::string service, address_family family, bool passive);
lookup_query make_name_query(const address& of, const name_options& options);

/// The addresses, at once or when the system has answered; none when it is `deadline` before that.
/// @throws resolve_error
task<std::vector<socket_address>> look_up(lookup_query query, nanos deadline = never);

class lookup_awaiter;

/// Has a few threads of its own ask the system, so that a name server which does not answer holds up nobody but those who
/// look names up. What is asked while the same is being asked is one lookup. One whose askers have all gone is given up if
/// it has not begun; else it goes on, takes its thread, and is there for whoever asks again: a name that hangs hangs once.
///
/// Goes with its loop. Threads that are at work then are let go: what their calls give goes nowhere.
class resolver final : public loop_service {
public:
    explicit resolver(event_loop& loop, lookup_function ask = ask_system);
    ~resolver() override;

    static const loop_service_kind kind;
    static resolver& of(event_loop& loop) { return static_cast<resolver&>(loop.service(kind)); }

    /// Lookups that have not been answered.
    std::size_t under_way() const noexcept { return lookups_.size(); }
    std::size_t thread_count() const { return pool_.thread_count(); }

private:
    friend class lookup_awaiter;
    struct lookup;
    void ask(lookup_awaiter& a);
    void leave(lookup_awaiter& a) noexcept;
    void begin(lookup& l);
    void answered(lookup& l) noexcept;

    static constexpr std::size_t max_threads = 4;

    event_loop& loop_;
    std::shared_ptr<const lookup_function> ask_;  // each call has a share: how many there are is use_count()
    thread_pool pool_;
    std::map<lookup_query, std::unique_ptr<lookup>> lookups_;
};

/// Suspends a task until a lookup is answered or the time is up.
class lookup_awaiter : public waiter, public list_node {
public:
    lookup_awaiter(resolver& r, const lookup_query& query, nanos deadline) noexcept
        : waiter(kind_), resolver_(r), query_(&query), deadline_(deadline), timer_(*this) {}
    ~lookup_awaiter() { abandon(); }

    bool await_ready() const noexcept { return false; }
    void start();
    /// @return null when the time was up  @throws what the call threw
    std::shared_ptr<const lookup_answer> await_resume();
    void abandon() noexcept;

private:
    friend class resolver;
    static const wait_kind kind_;
    void expire() noexcept;

    resolver& resolver_;
    const lookup_query* query_;
    nanos deadline_;
    owned_timer<lookup_awaiter, &lookup_awaiter::expire> timer_;
    resolver::lookup* lookup_ = nullptr;  // while it waits
    std::shared_ptr<const lookup_answer> answer_;
    std::exception_ptr error_;
};

}  // namespace weft::inline v0
