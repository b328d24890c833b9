// SPDX-License-Identifier: Apache-2.0
#include "loop/backend.hpp"
#include "base/without_sigpipe.hpp"

#include <ctime>

#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

nanos backend::now() const noexcept {
    timespec t{};
    ::clock_gettime(CLOCK_MONOTONIC, &t);
    return nanos{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

void backend::claim(native_handle fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= claimed_.size()) claimed_.resize(index + index / 2 + 64);
    claimed_[index] = true;
}
bool backend::is_claimed(native_handle fd) const noexcept {
    return fd >= 0 && static_cast<std::size_t>(fd) < claimed_.size() && claimed_[static_cast<std::size_t>(fd)];
}
void backend::disclaim(native_handle fd) noexcept {
    if (is_claimed(fd)) claimed_[static_cast<std::size_t>(fd)] = false;
}

std::ptrdiff_t backend::try_write(native_handle fd, std::span<const std::byte> bytes) noexcept {
    const auto written = write_to_pipe(fd, bytes);
    return written == -EAGAIN ? 0 : written;
}

int backend::try_send_message(const send_message_operation& op) noexcept {
    for (;;) {
        const auto count = ::sendmsg(op.fd, &op.header, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count >= 0) return static_cast<int>(count);
        if (errno != EINTR) return -errno;
    }
}

int refusal() {
    try {
        throw;
    } catch (const std::system_error& e) {
        return e.code().value();
    } catch (const std::bad_alloc&) {
        return ENOMEM;
    }
}

int errno_of_failure() noexcept {
    try {
        return refusal();
    } catch (...) {
        return ECANCELED;
    }
}

#if !WEFT_WITH_IO_URING
namespace {
[[noreturn]] void throw_built_without_io_uring() {
    throw std::system_error(ENOSYS, std::generic_category(),
                            "io_uring: weft was built without it (WEFT_WITH_IO_URING=OFF)");
}
}  // namespace
std::unique_ptr<backend> make_io_uring_backend() { throw_built_without_io_uring(); }
std::vector<io_uring_part> probe_io_uring() { throw_built_without_io_uring(); }
#endif

chosen_backend choose_backend() {
    const char* const asked = std::getenv("WEFT_BACKEND");
    const std::string name = asked ? asked : "";
    if (name == "epoll") return {.made = make_epoll_backend(), .why = "WEFT_BACKEND asks for it"};
    if (name == "io_uring") return {.made = make_io_uring_backend(), .why = "WEFT_BACKEND asks for it"};
    if (!name.empty()) throw std::invalid_argument("WEFT_BACKEND=" + name + ": there are \"io_uring\" and \"epoll\"");
    if constexpr (!WEFT_WITH_IO_URING)
        return {.made = make_epoll_backend(), .why = "weft was built without io_uring (WEFT_WITH_IO_URING=OFF)"};
    try {
        return {.made = make_io_uring_backend(), .why = "it works here, and is the first choice"};
    } catch (const std::system_error& e) {
        return {.made = make_epoll_backend(), .why = e.what(), .is_second_choice = true};
    }
}

std::unique_ptr<backend> make_backend() {
    chosen_backend chosen = choose_backend();
    if (chosen.is_second_choice) {
        // Once a process is enough: which kernel this is does not change.
        static const bool said = [&] {
            std::fprintf(stderr, "weft: %s; using epoll\n", chosen.why.c_str());
            return true;
        }();
        static_cast<void>(said);
    }
    return std::move(chosen.made);
}

}  // namespace weft::inline v0
