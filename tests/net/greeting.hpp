// SPDX-License-Identifier: Apache-2.0
// A server's side that says hello, and a client's that has to hear it: by streams, and by protocols of both kinds.
#pragma once

#include "without_memory.hpp"

#include <weft/io/as_text.hpp>

#include <array>
#include <cerrno>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weft_test {

inline weft::task<> greet(weft::stream s) {
    co_await s.write("hello");
    co_await s.close();
}
inline void expect_greeting(std::string_view text) {
    if (text != "hello") throw std::system_error(ECONNRESET, std::generic_category(), "no greeting");
}
inline weft::task<> be_greeted(weft::stream s) { expect_greeting(co_await s.read_all()); }

/// Says it, and goes.
struct greeting : weft::protocol {
    void connection_made(weft::transport t) override {
        try {
            t.write("hello");
            t.close();
        } catch (...) {  // it would stay open, as in asyncio
            t.abort();
            throw;
        }
    }
};

/// The client of either kind: what it has heard, and that it is over.
template <class Base>
struct greeted_by : Base {
    void connection_lost(std::exception_ptr error) override {
        expect_want_of_memory(error);
        lost.set();
    }
    std::string text;
    weft::event lost;
};
struct greeted : greeted_by<weft::protocol> {
    void data_received(std::span<const std::byte> data) override { text += weft::as_text(data); }
};
struct greeted_in_memory_of_its_own : greeted_by<weft::buffered_protocol> {
    std::span<std::byte> get_buffer(std::size_t) override { return room; }
    void buffer_updated(std::size_t count) override { text += weft::as_text(std::span(room).first(count)); }
    std::array<std::byte, 3> room{};
};

}  // namespace weft_test
