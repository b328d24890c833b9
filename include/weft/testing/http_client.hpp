// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/client.hpp>

namespace weft::inline v0 {
namespace http {
class server;
}
namespace testing {

/// An http::client whose every connection is one to `server`, in memory: no socket, no port, and a request takes no time on
/// the virtual clock.
///
///     weft::testing::run([]() -> task<> {
///         http::server server(routes());
///         weft::testing::http_client client(server);
///         http::client_response r = co_await client.get("/users/17");
///         EXPECT_EQ(co_await r.text(), "Ada");
///     }());
///
/// Whatever host a URL names, that server answers; without one it is "testserver". Of https the server would have to speak
/// TLS itself. @see fastapi.testclient.TestClient, httpx.ASGITransport
class http_client : public http::client {
public:
    /// @param server  lives as long as requests are made  @param options  their connector and an empty base_url are replaced
    explicit http_client(http::server& server, http::client_options options = {});
};

}  // namespace testing
}  // namespace weft::inline v0
