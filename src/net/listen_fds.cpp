// SPDX-License-Identifier: Apache-2.0
#include <weft/net/listen_fds.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr int first_given = 3;
constexpr int most_number = 1 << 30;

/// @throws std::invalid_argument
int number_in(const char* variable, std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 0 || number > most_number)
        throw std::invalid_argument("listen_fds: " + std::string(variable) + "=" + std::string(text) + " is no number");
    return number;
}

/// The next name of a list with colons between; empty when there is none.
std::string next_name(std::string_view& names) {
    const auto end = names.find(':');
    std::string name(names.substr(0, end));
    names = end == std::string_view::npos ? std::string_view() : names.substr(end + 1);
    return name;
}

}  // namespace

std::vector<listening_socket> listen_fds() {
    const char* const pid = std::getenv("LISTEN_PID");
    const char* const count = std::getenv("LISTEN_FDS");
    const char* const names = std::getenv("LISTEN_FDNAMES");
    if (!pid || !count || number_in("LISTEN_PID", pid) != ::getpid()) return {};
    const int end = first_given + number_in("LISTEN_FDS", count);
    for (int fd = first_given; fd < end; ++fd) {
        if (::fcntl(fd, F_GETFD) == -1) {
            throw std::system_error(errno, std::generic_category(),
                                    "listen_fds: descriptor " + std::to_string(fd) + ", of LISTEN_FDS=" + count);
        }
    }
    std::vector<listening_socket> given;
    std::string_view names_left = names ? names : "";
    for (int fd = first_given; fd < end; ++fd) {
        ::fcntl(fd, F_SETFD, FD_CLOEXEC);
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
        given.push_back({unique_fd(fd), next_name(names_left)});
    }
    for (const char* variable : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) ::unsetenv(variable);
    return given;
}

}  // namespace weft::inline v0
