// SPDX-License-Identifier: Apache-2.0
// What the tests of TLS have in common: contexts, streams over TLS in pairs, and a wire whose bytes the test carries.
#pragma once

#include "io/connected.hpp"
#include "tls/certificates.hpp"

#include <weft/tls/tls_context.hpp>

#include <gmock/gmock.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace weft_test {

inline weft::tls_identity identity(const pem_pair& p) { return {.certificate_pem = p.certificate, .key_pem = p.key}; }
inline weft::tls_context server_context(const weft::tls_server_options& options = {},
                                        const pem_pair& own = the_server()) {
    return weft::tls_context::server(identity(own), options);
}
/// Trusts the tests' authority alone, unless told otherwise.
inline weft::tls_context client_context(weft::tls_client_options options = {}) {
    options.system_authorities = false;
    if (options.ca_pem.empty() && options.verify) options.ca_pem = the_authority().pem();
    return weft::tls_context::client(options);
}

/// What a task throws, for a look at it.
template <class E>
weft::task<E> thrown_by(weft::task<> body) {
    try {
        co_await std::move(body);
    } catch (const E& e) {
        co_return e;
    }
    throw std::runtime_error("nothing was thrown");
}

/// That a context cannot be made so, and says why.
template <class Make>
void refuses_to_make(Make make, const std::string& text) {
    try {
        make();
        ADD_FAILURE() << "was taken";
    } catch (const weft::tls_error& e) {
        EXPECT_EQ(e.code(), weft::tls_errc::bad_configuration);
        EXPECT_THAT(e.what(), testing::HasSubstr(text));
    }
}

inline weft::task<> start_server_side(weft::stream& s, weft::tls_context context) {
    co_await s.start_tls(std::move(context));
}
inline weft::task<> start_client_side(weft::stream& s, weft::tls_context context, std::string host) {
    co_await s.start_tls(std::move(context), {.server_hostname = std::move(host)});
}

/// Two streams of one loop, connected to each other by TLS over loopback.
inline weft::task<connected> connect_secured(weft::tls_context client, weft::tls_context server,
                                             std::string host = "localhost", std::size_t limit = 64 * 1024) {
    connected both = co_await connect_streams(limit);
    auto accepting = weft::create_task(start_server_side(both.server, server));
    co_await start_client_side(both.client, client, host);
    co_await accepting;
    co_return both;
}
inline weft::task<connected> connect_secured() { return connect_secured(client_context(), server_context()); }

/// One end of a wire.
struct wire_end final : weft::stream_layer {
    struct state {
        weft::stream_sink* sink = nullptr;
        bool takes_at_once = true;  // as a socket under epoll; else as under io_uring
        std::string on_the_way;
        bool owes_sent = false, receiving = false, destroyed = false, was_reset = false;
    };
    explicit wire_end(std::shared_ptr<state> s) : kept_(std::move(s)), s_(*kept_) {}
    ~wire_end() override {
        s_.destroyed = true;
        s_.sink = nullptr;
        s_.owes_sent = false;
    }
    void receive(weft::stream_sink& sink) override {
        s_.sink = &sink;
        s_.receiving = true;
    }
    void pause_receiving() noexcept override { s_.receiving = false; }
    std::ptrdiff_t try_send(std::span<const std::byte> bytes) noexcept override {
        if (!s_.takes_at_once) return 0;
        put(bytes);
        return static_cast<std::ptrdiff_t>(bytes.size());
    }
    void send(std::span<const std::byte> bytes) override {
        put(bytes);
        s_.owes_sent = true;
    }
    std::uint64_t unsent() const noexcept override { return 0; }
    void end() noexcept override {}
    void reset() noexcept override { s_.was_reset = true; }
    weft::address peer() const override { return {"wire", 1}; }
    weft::address local() const override { return {"wire", 2}; }

private:
    void put(std::span<const std::byte> bytes) {
        s_.on_the_way.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    std::shared_ptr<state> kept_;  // a stream may take its leave when its test is over
    state& s_;
};

/// Two ends, and what the test does between them.
struct wire {
    std::shared_ptr<wire_end::state> client_end = std::make_shared<wire_end::state>();
    std::shared_ptr<wire_end::state> server_end = std::make_shared<wire_end::state>();
    wire_end::state &client = *client_end, &server = *server_end;

    static weft::stream stream_at(const std::shared_ptr<wire_end::state>& end) {
        return weft::stream(std::make_unique<weft::stream_core>(
            weft::get_running_loop(), std::make_unique<wire_end>(end), weft::stream_limits()));
    }
    /// Carries what is on the way from one end, cut in pieces. @return whether there was anything
    static bool carry(wire_end::state& from, wire_end::state& to, const std::function<std::size_t()>& piece) {
        const bool any = from.owes_sent || !from.on_the_way.empty();
        if (std::exchange(from.owes_sent, false)) from.sink->on_sent(0);
        const std::string text = std::exchange(from.on_the_way, {});
        for (std::string_view rest = text; !rest.empty() && to.sink;) {
            const std::size_t size = std::clamp<std::size_t>(piece(), 1, rest.size());
            bring(*to.sink, rest.substr(0, size));
            rest.remove_prefix(size);
        }
        return any;
    }
    bool carry(const std::function<std::size_t()>& piece = [] { return std::string::npos; }) {
        const bool there = carry(client, server, piece);
        const bool back = carry(server, client, piece);
        return there || back;
    }
    /// Carries until nothing moves any more.
    weft::task<> carry_all(std::function<std::size_t()> piece = [] { return std::string::npos; }) {
        for (int quiet = 0; quiet < 8;) {
            quiet = carry(piece) ? 0 : quiet + 1;
            co_await weft::yield_now();
        }
    }
};

}  // namespace weft_test
