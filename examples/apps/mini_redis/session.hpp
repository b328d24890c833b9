// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "client.hpp"
#include "request_parser.hpp"

#include <weft/weft.hpp>

#include <cstddef>
#include <string_view>

namespace mini_redis {

class redis_server;

/// One connection: reads requests, has them run, writes the replies. It lives in the coroutine that serves it.
class session final : public client {
public:
    session(redis_server& server, weft::stream stream);
    ~session() override;

    /// Serves until the client goes, quits or breaks the protocol. Cancelled, it still answers the requests that have
    /// arrived whole, then says goodbye: that is how the server shuts down.
    weft::task<> serve();

    void send_messages() override;
    void abort() noexcept { stream_.abort(); }

private:
    weft::task<> serve_requests();
    std::size_t run_requests(std::string_view input);
    void send_replies();
    weft::task<> answer_what_is_buffered();
    weft::task<> say_goodbye();

    redis_server& server_;
    weft::stream stream_;
    request_parser parser_;
    bool listens_ = false;  // the stream's buffer has a subscriber's limit
};

}  // namespace mini_redis
