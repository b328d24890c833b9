// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/room.hpp>
#include <weft/http/router.hpp>

#include <cstddef>
#include <deque>
#include <string>

namespace showcase {

/// A room in which visitors talk; who enters is told what was said last. @thread the loop's
class chat {
public:
    /// GET /{name} is a WebSocket: texts one way, JSON {who, text, kind} the other.
    weft::http::router routes();
    std::size_t size() const noexcept { return room_.size(); }

private:
    weft::task<> talk(std::string who, weft::http::websocket ws);
    void tell(std::string_view who, std::string_view kind, std::string_view text);

    weft::http::room room_;
    std::deque<std::string> said_;
};

}  // namespace showcase
