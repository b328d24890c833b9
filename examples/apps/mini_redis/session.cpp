// SPDX-License-Identifier: Apache-2.0
#include "session.hpp"

#include "server.hpp"

#include <chrono>
#include <system_error>

namespace mini_redis {

namespace {

// Replies are sent when so many are gathered, and when there are no more requests to answer.
constexpr std::size_t enough_to_send = 64 << 10;

constexpr auto goodbye_time = std::chrono::seconds(2);

}  // namespace

session::session(redis_server& server, weft::stream stream)
    : client(++server.state().counts.connections, server.state().bounds.output_bytes),
      server_(server),
      stream_(std::move(stream)),
      parser_(server.state().bounds.query_bytes) {
    address = stream_.peer().to_string();
    local_address = stream_.local().to_string();
    server_.look_at_clock();
    connected = active = server_.state().keys.now();
    server_.add(*this);
}

session::~session() { server_.remove(*this); }

weft::task<> session::serve() {
    try {
        bool cancelled = false;
        try {
            co_await serve_requests();
        } catch (const weft::cancelled_error&) {
            cancelled = true;
        }
        if (cancelled) co_await answer_what_is_buffered();
        server_.state().channels.remove(*this);  // what is published from now on has nowhere to go
        if (cancelled || closing) co_await say_goodbye();
        co_await stream_.close();
    } catch (const std::system_error&) {
        // The peer is gone, as peers go: nobody is left to tell.
    }
}

// The whole of a server's work: wait for input, answer what is there, send it in one piece, again.
weft::task<> session::serve_requests() {
    std::size_t wanted = 1;
    while (!closing) {
        const std::string_view input = co_await stream_.peek(wanted);
        if (input.size() < wanted) co_return;  // the peer has ended; half a request is no request
        wanted = run_requests(input);
        send_replies();
        co_await stream_.drain();  // a client that does not read its replies gets no more of them
    }
}

// Runs the requests that `input` holds whole, until there is enough to send, and consumes them.
// @return how much input is needed to go on
std::size_t session::run_requests(std::string_view input) {
    server_.look_at_clock();
    active = server_.state().keys.now();
    std::size_t used = 0, wanted = 1;
    while (!closing && out.size() < enough_to_send) {
        const auto status = parser_.parse(input.substr(used));
        if (status == request_parser::status::incomplete) {
            wanted = parser_.needed();
            break;
        }
        if (status == request_parser::status::failed) {
            out.error("ERR Protocol error: ", parser_.error());
            closing = true;
            break;
        }
        if (const arguments args = parser_.args(); !args.empty()) execute(server_.state(), *this, args);
        used += parser_.consumed();
    }
    stream_.consume(used);
    server_.after_commands();
    return wanted;
}

// One write for a whole batch. The stream copies what it cannot send at once, so the buffer is free again when write()
// returns; the caller decides whether to wait with drain().
void session::send_replies() {
    if (const bool listens = subscribed() != 0; listens != listens_) {
        listens_ = listens;
        stream_.set_write_buffer_limits(listens ? server_.state().bounds.output_bytes : enough_to_send);
    }
    (void)stream_.write(out.view());  // drain() is where it waits
    out.clear();
}

// What has arrived by now, and no more: a client that goes on sending must not keep the server from ending.
weft::task<> session::answer_what_is_buffered() {
    std::size_t left = stream_.buffered().size();
    for (std::size_t wanted = 1; !closing && left >= wanted;) {
        const std::size_t before = stream_.buffered().size();
        wanted = run_requests(stream_.buffered().substr(0, left));
        left -= before - stream_.buffered().size();
        send_replies();
        co_await stream_.drain();
    }
}

// Published messages do not wait for anybody: who has let too many pile up is disconnected, or would, reading slowly,
// fill the server's memory.
void session::send_messages() {
    try {
        if (lagging || !stream_.try_write(messages.view())) {
            lagging = true;
            server_.log(address, "does not read what it subscribed to: disconnected");
            stream_.abort();
        }
    } catch (const std::system_error&) {
        lagging = true;  // its connection is gone, and its own coroutine about to notice: no concern of who published
    }
    messages.clear();
}

// Closing a socket while input is unread resets the connection, and the peer may lose the last replies. So: say that
// nothing more will come, and read on for a while until the peer has closed its side, too.
weft::task<> session::say_goodbye() {
    struct deadline {
        weft::timer_handle timer;
        ~deadline() { timer.cancel(); }
    };
    const deadline limit{weft::get_running_loop().call_later(goodbye_time, [this] { stream_.abort(); })};
    (void)stream_.write_eof();
    while (!(co_await stream_.peek()).empty()) stream_.consume(stream_.buffered().size());
}

}  // namespace mini_redis
