// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/router.hpp>
#include <weft/loop/task_handle.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace showcase {

/// What visitors have started: each piece of work is a task, which can be cancelled, and of which it is kept how it ended.
/// @thread the loop's
class workshop {
public:
    /// POST /{kind} starts a piece, DELETE /{id:int} cancels one.
    weft::http::router routes();
    /// The pieces as JSON, the newest first.
    std::string to_json() const;

private:
    using clock = std::chrono::steady_clock;
    enum class state : std::uint8_t { running, done, failed, cancelled };
    struct piece {
        std::string kind;
        std::uint64_t task = 0;  ///< its id
        weft::task_handle<> handle;
        clock::time_point began, ended{};
        state is = state::running;
        std::string outcome{};  ///< what came of it; of one that failed, the traceback
    };

    /// @return the id of the piece  @throws http_error  there is no such kind; too much runs
    std::uint64_t start(std::string_view kind);
    weft::task<> see_through(std::uint64_t id, weft::task<std::string> work);
    void end(std::uint64_t id, state how, std::string outcome);
    void forget_old_pieces();
    static const char* to_string(state s) noexcept;

    std::map<std::uint64_t, piece> pieces_;
    std::uint64_t last_ = 0;
    clock::time_point last_blocked_{};
};

}  // namespace showcase
