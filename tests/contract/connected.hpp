// SPDX-License-Identifier: Apache-2.0
// What the tests of the public surface have in common, written with nothing but that.
#pragma once

#include <weft/weft.hpp>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

namespace weft_contract {

/// Of one connection.
struct ends {
    weft::stream client, server;
};

template <class Start, class Open>
weft::task<ends> connect(Start start, Open open) {
    auto accepted = std::make_shared<weft::queue<weft::stream>>();
    auto server = co_await start([accepted](weft::stream s) -> weft::task<> { co_await accepted->put(std::move(s)); });
    weft::stream client = co_await open(server);
    weft::stream other = co_await accepted->get();
    co_return ends{std::move(client), std::move(other)};
}

inline weft::task<ends> connect_tcp(weft::server_options of_server = {}, weft::connect_options of_client = {}) {
    return connect(
        [of_server](auto handler) { return weft::start_server(handler, "127.0.0.1", 0, of_server); },
        [of_client](weft::server& server) { return weft::open_connection("localhost", server.port(), of_client); });
}

/// A folder of the test's own.
struct folder {
    std::filesystem::path path;
    folder() {
        std::string name = (std::filesystem::temp_directory_path() / "weft-contract-XXXXXX").string();
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        path = name;
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() { std::filesystem::remove_all(path); }
    std::string operator/(const char* name) const { return (path / name).string(); }
};

}  // namespace weft_contract
