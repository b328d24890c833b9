// SPDX-License-Identifier: Apache-2.0
// Protocols that write down what they are told.
#pragma once

#include "io/told_layer.hpp"
#include "io/transport_core.hpp"

#include <weft/io/as_text.hpp>
#include <weft/io/protocol.hpp>
#include <weft/io/transport.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace weft_test {

/// Lets what is ready happen.
inline auto turn() { return weft::yield_now(); }

/// What has been called, a word each, and what a test does in between.
struct diary {
    std::string text;
    std::function<void(const std::string& word)> during = [](const std::string&) {};
    void note(const std::string& word) {
        text += text.empty() ? word : " " + word;
        during(word);
    }
    /// What was written since the last call.
    std::string next() { return std::exchange(text, {}); }

    // A test, with its diary, may be over before its connections are.
    std::shared_ptr<diary*> self = std::make_shared<diary*>(this);
    ~diary() { *self = nullptr; }
};

/// Writes into a diary while there is one.
class diary_entry {
public:
    diary_entry(diary& d) : in_(d.self) {}
    void note(const std::string& word) const {
        if (*in_) (*in_)->note(word);
    }

private:
    std::shared_ptr<diary*> in_;
};

inline std::string lost_word(const std::exception_ptr& error) {
    if (!error) return "lost";
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error& e) {
        return "lost:" + std::to_string(e.code().value());
    } catch (const std::exception& e) {
        return std::string("lost:") + e.what();
    }
}

/// Writes down what protocols of every kind are told.
template <class Base, class Transport>
struct life_recorder : Base {
    explicit life_recorder(diary& d) : log(d) {}
    void connection_made(Transport t) override {
        transport = std::move(t);
        log.note("made");
    }
    void connection_lost(std::exception_ptr error) override { log.note(lost_word(error)); }
    void pause_writing() override { log.note("pause"); }
    void resume_writing() override { log.note("resume"); }

    diary_entry log;
    Transport transport;
};

template <class Base>
struct recorder_of : life_recorder<Base, weft::transport> {
    using life_recorder<Base, weft::transport>::life_recorder;
    bool eof_received() override {
        this->log.note("eof");
        return keeps_open;
    }
    bool keeps_open = false;
};

struct recorder : recorder_of<weft::protocol> {
    using recorder_of::recorder_of;
    void data_received(std::span<const std::byte> data) override { log.note(std::string(weft::as_text(data))); }
};

/// Has room for so many bytes at a time.
struct buffered_recorder : recorder_of<weft::buffered_protocol> {
    explicit buffered_recorder(diary& d, std::size_t size) : recorder_of(d), memory(size, '.') {}
    std::span<std::byte> get_buffer(std::size_t hint) override {
        log.note("get" + std::to_string(hint));
        return std::as_writable_bytes(std::span(memory));
    }
    void buffer_updated(std::size_t count) override { log.note(memory.substr(0, count)); }
    std::string memory;
};

inline weft::stream told_stream(told_layer::state& told) {
    return weft::stream(std::make_unique<weft::stream_core>(weft::get_running_loop(),
                                                            std::make_unique<told_layer>(told), weft::stream_limits{}));
}

template <class P>
weft::transport told_transport(told_layer::state& told, std::shared_ptr<P> p) {
    using base = std::conditional_t<std::is_base_of_v<weft::protocol, P>, weft::protocol, weft::buffered_protocol>;
    const auto core =
        std::make_shared<weft::transport_core>(weft::get_running_loop(), std::make_unique<told_layer>(told),
                                               weft::protocol_slot(std::shared_ptr<base>(std::move(p))));
    core->start();
    return weft::transport(core);
}

/// A transport whose protocol writes a diary, over a layer that does as it is told.
struct recorded {
    explicit recorded(bool keeps_open = false) { protocol->keeps_open = keeps_open; }
    told_layer::state told;
    diary log;
    std::shared_ptr<recorder> protocol = std::make_shared<recorder>(log);
    weft::transport transport = told_transport(told, protocol);
};

/// What the loop's exception handler hears.
struct reports {
    reports() {
        weft::get_running_loop().set_exception_handler(
            [this](weft::event_loop&, const weft::error_context& e) { messages.push_back(e.message); });
    }
    ~reports() { weft::get_running_loop().set_exception_handler(nullptr); }
    std::vector<std::string> messages;
};

}  // namespace weft_test
