// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace weft::inline v0 {

/// How a child process ended: by itself, with an exit code, or by a signal.
class exit_status {
public:
    /// It called exit(code). @param code  0 .. 255
    static exit_status exited(int code) noexcept { return {kind::exited, code}; }
    static exit_status killed(int signal, bool core_dumped = false) noexcept {
        return {core_dumped ? kind::dumped : kind::killed, signal};
    }
    /// Somebody else has taken the status: what follows says 255, as asyncio does.
    static exit_status unknown() noexcept { return {kind::unknown, 255}; }

    /// Exit code 0.
    bool success() const noexcept { return kind_ == kind::exited && number_ == 0; }
    /// Empty if a signal ended it.
    std::optional<int> code() const noexcept { return by_signal() ? std::nullopt : std::optional(number_); }
    /// The signal that ended it; empty if it ended by itself.
    std::optional<int> signal() const noexcept { return by_signal() ? std::optional(number_) : std::nullopt; }
    bool core_dumped() const noexcept { return kind_ == kind::dumped; }
    bool is_known() const noexcept { return kind_ != kind::unknown; }
    /// The exit code, or minus the signal. @see asyncio.subprocess.Process.returncode
    int returncode() const noexcept { return by_signal() ? -number_ : number_; }
    /// "exited with 3", "killed by SIGTERM"
    std::string to_string() const;

    friend bool operator==(const exit_status&, const exit_status&) = default;

private:
    enum class kind : unsigned char { exited, killed, dumped, unknown };
    exit_status(kind k, int number) noexcept : kind_(k), number_(number) {}
    bool by_signal() const noexcept { return kind_ == kind::killed || kind_ == kind::dumped; }

    kind kind_;
    int number_;
};

/// "SIGTERM"; "signal 40" where there is no name.
std::string signal_name(int signal);

}  // namespace weft::inline v0
