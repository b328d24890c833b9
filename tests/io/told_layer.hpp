// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/connected.hpp"

#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace weft_test {

/// A layer whose kernel is the test.
struct told_layer final : weft::stream_layer {
    struct state {
        weft::stream_sink* sink = nullptr;
        bool receiving = false, ended = false, reset = false, destroyed = false;
        bool takes_leave = false, begun_to_finish = false, finishing = false;
        int refuses = 0;  // what the next receive() or send() throws
        std::ptrdiff_t takes = 0;  // what the next try_send() gives
        std::string sent;          // by try_send()
        std::string_view sending;  // by send(), in progress
        bool quiet = false;        // nobody waits for its end
        std::string cut_off;       // what of that had not been sent when the connection was reset
        std::shared_ptr<state*> self = std::make_shared<state*>(this);  // a test may be over before its layer
        ~state() { *self = nullptr; }
        void complete_send(int error = 0) {
            if (!error) sent += sending;
            sending = {};
            sink->on_sent(error);
        }
        void receive(std::string_view text) { bring(*sink, text); }
    };
    explicit told_layer(state& s) : told(s), alive(s.self) {}
    ~told_layer() override {
        if (*alive) told.destroyed = true;
    }
    void receive(weft::stream_sink& s) override {
        refuse_if_told();
        told.sink = &s;
        told.receiving = true;
    }
    void pause_receiving() noexcept override { told.receiving = false; }
    std::ptrdiff_t try_send(std::span<const std::byte> b) noexcept override {
        const auto count = std::min(told.takes, static_cast<std::ptrdiff_t>(b.size()));
        if (count > 0) told.sent.append(reinterpret_cast<const char*>(b.data()), static_cast<std::size_t>(count));
        return count;
    }
    void send(std::span<const std::byte> b) override {
        refuse_if_told();
        told.sending = {reinterpret_cast<const char*>(b.data()), b.size()};
        told.quiet = false;
    }
    void send_quietly(std::span<const std::byte> b) override {
        send(b);
        told.quiet = true;
    }
    void expect_sent() noexcept override { told.quiet = false; }
    void refuse_if_told() const {
        if (const int error = std::exchange(told.refuses, 0)) throw std::system_error(error, std::generic_category());
    }
    std::uint64_t unsent() const noexcept override { return *alive ? told.sending.size() : 0; }
    void end() noexcept override { told.ended = true; }
    void begin_to_finish() noexcept override { told.begun_to_finish = true; }
    bool finish() noexcept override {
        told.finishing = true;
        return !told.takes_leave;
    }
    void reset() noexcept override {
        told.reset = true;
        told.cut_off = told.sending;
    }
    weft::address peer() const override { return {"told", 1}; }
    weft::address local() const override { return {"told", 2}; }
    state& told;
    std::shared_ptr<state*> alive;
};

}  // namespace weft_test
