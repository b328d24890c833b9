// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/flow/sleep.hpp>
#include <weft/http/client.hpp>
#include <weft/loop/task_handle.hpp>
#include <weft/testing/memory_stream_pair.hpp>
#include <weft/testing/run.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// A client whose server says what a test has written down, without a socket and on the virtual clock.

namespace weft_test {

/// What the server does with one connection.
using script = std::function<weft::task<>(weft::stream)>;

/// Connections follow the scripts in their order, the last one for all that come then.
class scripted_server {
public:
    explicit scripted_server(std::vector<script> scripts) : scripts_(std::move(scripts)) {}

    weft::http::connector connector() {
        return [this](const weft::http::origin& to) -> weft::task<weft::stream> {
            connected_to.push_back(to.scheme + "://" + to.host + ":" + std::to_string(to.port));
            const script& s = scripts_[std::min(connected_to.size(), scripts_.size()) - 1];
            auto [ours, theirs] = weft::testing::memory_stream_pair();
            weft::spawn(follow(s, std::move(theirs)));
            co_return std::move(ours);
        };
    }

    std::vector<std::string> connected_to;

private:
    static weft::task<> follow(const script& s, weft::stream connection) {
        try {
            co_await s(std::move(connection));
        } catch (const std::system_error&) {  // the client has gone, as it may
        } catch (const weft::incomplete_read_error&) {
        }
    }

    std::vector<script> scripts_;
};

/// Reads one request: its head, and so much of a body as its Content-Length says; empty at the end of the connection.
inline weft::task<std::string> hear_request(weft::stream& s) {
    if ((co_await s.peek()).empty()) co_return "";
    std::string request = co_await s.read_until("\r\n\r\n");
    if (const auto at = request.find("Content-Length: "); at != std::string::npos)
        request += co_await s.read_exactly(std::stoul(request.substr(at + 16)));
    co_return request;
}

/// Answers requests one after the other, and notes what it heard.
inline script answering(std::vector<std::string> answers, std::shared_ptr<std::vector<std::string>> heard = nullptr,
                        bool then_close = true) {
    return [=](weft::stream s) -> weft::task<> {
        for (const std::string& answer : answers) {
            const std::string request = co_await hear_request(s);
            if (request.empty()) co_return;
            if (heard) heard->push_back(request);
            co_await s.write(answer);
        }
        if (!then_close) co_await s.read_all();
    };
}

/// Sends this without having heard of anything, and closes.
inline script saying(std::string bytes) { return answering({std::move(bytes)}); }

inline std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

/// Runs `body(client, server)` on the virtual clock.
template <class Body>
void with_scripts(std::vector<script> scripts, weft::http::client_options options, Body body) {
    weft::testing::run([](std::vector<script> s, weft::http::client_options o, Body run) -> weft::task<> {
        scripted_server server(std::move(s));
        o.connector = server.connector();
        weft::http::client client(std::move(o));
        co_await run(client, server);
    }(std::move(scripts), std::move(options), std::move(body)));
}
template <class Body>
void with_scripts(std::vector<script> scripts, Body body) {
    with_scripts(std::move(scripts), {}, std::move(body));
}

}  // namespace weft_test
