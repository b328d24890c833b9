// SPDX-License-Identifier: Apache-2.0
#include <weft/testing/http_client.hpp>

#include <weft/http/server.hpp>

#include <weft/loop/task_handle.hpp>
#include <weft/testing/memory_stream_pair.hpp>

#include <utility>

namespace weft::inline v0 {
namespace testing {

namespace {

task<stream> connect_to(http::server& server) {
    auto [ours, theirs] = memory_stream_pair();
    spawn(server.serve_connection(std::move(theirs)));
    co_return std::move(ours);
}

http::client_options connected_to(http::server& server, http::client_options options) {
    options.connector = [&server](const http::origin&) { return connect_to(server); };
    if (options.base_url.empty()) options.base_url = "http://testserver";
    return options;
}

}  // namespace

http_client::http_client(http::server& server, http::client_options options)
    : http::client(connected_to(server, std::move(options))) {}

}  // namespace testing
}  // namespace weft::inline v0
