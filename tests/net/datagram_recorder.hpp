// SPDX-License-Identifier: Apache-2.0
// A datagram protocol that writes down what it is told.
#pragma once

#include "io/recorder.hpp"

#include <weft/net/datagram_protocol.hpp>
#include <weft/net/datagram_transport.hpp>

#include <string>
#include <system_error>
#include <utility>

namespace weft_test {

struct datagram_recorder : life_recorder<weft::datagram_protocol, weft::datagram_transport> {
    using life_recorder::life_recorder;
    void datagram_received(std::span<const std::byte> data, const weft::address& a) override {
        from = a;
        log.note("<" + std::string(weft::as_text(data)) + ">");
    }
    void error_received(std::exception_ptr e) override {
        try {
            std::rethrow_exception(e);
        } catch (const std::system_error& error) {
            log.note("error:" + std::to_string(error.code().value()));
            last_error = error.what();
        }
    }
    weft::address from;
    std::string last_error;
};

}  // namespace weft_test
