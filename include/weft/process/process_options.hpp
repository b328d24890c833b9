// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/unique_fd.hpp>

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weft::inline v0 {

/// What one of a child's standard streams is: one of the four below, or a descriptor of ours, which the child gets a copy
/// of and which stays open until spawn_process() has been awaited.
class stdio {
public:
    enum class kind : unsigned char { inherit, pipe, devnull, to_stdout, descriptor };
    /// What `pipe` is (see there).
    using name = kind (*)(stdio);

    constexpr stdio(kind k) noexcept : kind_(k) {}
    constexpr stdio(name n) : kind_(n(kind::inherit)) {}
    constexpr stdio(native_handle fd) noexcept : kind_(kind::descriptor), fd_(fd) {}
    stdio(const unique_fd& fd) noexcept : stdio(fd.get()) {}

    constexpr kind what() const noexcept { return kind_; }
    constexpr native_handle handle() const noexcept { return fd_; }

private:
    kind kind_;
    native_handle fd_ = -1;
};

inline constexpr stdio inherit = stdio::kind::inherit;  ///< ours
/// A pipe to us: a stream of the process object. A function, as std::hex is one: with `using namespace weft` a variable
/// would hide behind pipe(2), but two functions of one name are told apart by what is wanted, `{.stdin_ = pipe}`.
constexpr stdio::kind pipe(stdio) noexcept { return stdio::kind::pipe; }
inline constexpr stdio devnull = stdio::kind::devnull;  ///< nothing to read; what is written is dropped
inline constexpr stdio to_stdout = stdio::kind::to_stdout;  ///< of stderr: where stdout goes. @see subprocess.STDOUT

/// Environment variables by name.
using environment = std::map<std::string, std::string>;

/// A copy of this process's, to be changed and given to a child. Not while another thread calls setenv(3).
/// @see os.environ
environment current_environment();

/// How a child process is to begin. What has no option is: all descriptors but the three are closed in it, its signal mask
/// is empty, and it does on every signal what is done by default.
struct process_options {
    stdio stdin_ = inherit;
    stdio stdout_ = inherit;
    stdio stderr_ = inherit;
    /// All of its environment; empty: ours.
    std::optional<environment> env = std::nullopt;
    /// Added to that, or put in place of what has the same name there.
    environment extra_env = {};
    /// Its working directory; a program named by a relative path is looked for from there. Empty: ours.
    std::string cwd = {};
    /// The program, if that is not argv[0].
    std::string executable = {};
    /// The process group it joins; 0: a new one, whose id is its pid.
    std::optional<int> process_group = std::nullopt;
    /// It leads a new session, and a new process group. @see setsid(2)
    bool new_session = false;
    /// Descriptors that it gets, by the same numbers.
    std::vector<native_handle> pass_fds = {};
    /// Of its pipes: how many bytes are buffered for a reader, and how far a delimiter may be; 1 to 1 GiB, more counts as
    /// that (see stream). With a pipe, 0 is refused (std::invalid_argument).
    std::size_t limit = 64 * 1024;
};

}  // namespace weft::inline v0
