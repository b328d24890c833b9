// SPDX-License-Identifier: Apache-2.0
// Protocols: what they throw, and how one follows another, over a layer that does as it is told.
#include "io/recorder.hpp"

#include <weft/loop/context_var.hpp>

#include <stdexcept>

using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

// What a callback does to its connection

TEST(callbacks, may_close_or_abort_at_every_point) {
    run([]() -> weft::task<> {
        const std::vector<std::pair<std::string, std::string>> points = {
            {"made", "made lost"},
            {"data", "made data lost"},
            {"eof", "made data pause resume eof lost"},
            {"pause", "made data pause lost"},
            {"resume", "made data pause resume lost"},
            {"lost", "made data pause resume eof lost"},
        };
        for (const bool gently : {false, true}) {
            for (const auto& [point, expected] : points) {
                recorded r;
                r.transport.set_write_buffer_limits(2);
                r.log.during = [&](const std::string& word) {
                    if (word == point) gently ? r.transport.close() : r.transport.abort();
                };
                co_await turn();
                r.told.receive("data");
                if (!r.transport.is_closing()) r.transport.write("too much");
                if (!r.told.sending.empty()) r.told.complete_send();
                r.told.sink->on_end();
                co_await turn();
                co_await turn();
                const bool flushes = gently && point == "pause";  // what is unsent is sent, and writing resumed
                EXPECT_EQ(r.log.next(), flushes ? "made data pause resume lost" : expected) << point;
                EXPECT_TRUE(r.told.destroyed);
            }
        }
    });
}

TEST(callbacks, that_throw_are_reported_and_those_that_receive_end_the_connection) {
    run([]() -> weft::task<> {
        const std::vector<std::tuple<std::string, std::string, std::string>> points = {
            {"made", "Exception in callback protocol.connection_made()", "made data pause resume eof lost"},
            {"data", "Fatal error: protocol.data_received() call failed", "made data lost:thrown"},
            {"eof", "Fatal error: protocol.eof_received() call failed", "made data pause resume eof lost:thrown"},
            {"pause", "protocol.pause_writing() failed", "made data pause resume eof lost"},
            {"resume", "protocol.resume_writing() failed", "made data pause resume eof lost"},
            {"lost", "Exception in callback protocol.connection_lost()", "made data pause resume eof lost"},
        };
        for (const auto& [point, message, expected] : points) {
            reports heard;
            recorded r;
            r.transport.set_write_buffer_limits(2);
            r.log.during = [&](const std::string& word) {
                if (word == point) throw std::runtime_error("thrown");
            };
            co_await turn();
            r.told.receive("data");
            r.transport.write("too much");
            if (!r.told.sending.empty()) r.told.complete_send();
            r.told.sink->on_end();
            co_await turn();
            co_await turn();
            EXPECT_EQ(r.log.next(), expected) << point;
            EXPECT_THAT(heard.messages, ElementsAre(message));
            EXPECT_TRUE(r.told.destroyed);
        }
    });
}

TEST(callbacks, that_throw_with_bytes_unsent_reset_the_connection) {
    run([]() -> weft::task<> {
        reports heard;
        recorded r;
        co_await turn();
        r.transport.write("half an answer");
        r.log.during = [](const std::string& word) {
            if (word == "data") throw weft::cancelled_error();
        };
        r.told.receive("data");
        EXPECT_TRUE(r.told.reset);
        EXPECT_EQ(heard.messages.size(), 1u);
        r.log.during = [](const std::string&) {};
        EXPECT_THROW(co_await weft::wait_for(
                         [](weft::transport t) -> weft::task<> {
                             co_await t.wait_closed();
                             throw std::logic_error("over");
                         }(r.transport),
                         std::chrono::seconds(1)),
                     std::logic_error);
    });
}

TEST(callbacks, that_throw_a_system_error_end_the_connection_by_it_and_report_nothing) {
    run([]() -> weft::task<> {
        reports heard;
        recorded r;
        r.log.during = [](const std::string& word) {
            if (word == "data") throw std::system_error(EIO, std::generic_category());
        };
        co_await turn();
        r.told.receive("data");
        co_await turn();
        EXPECT_EQ(r.log.next(), "made data lost:" + std::to_string(EIO));
        EXPECT_THAT(heard.messages, IsEmpty());
    });
}

TEST(callbacks, run_in_no_task_and_in_the_context_that_the_transport_was_made_in) {
    run([]() -> weft::task<> {
        static const weft::context_var<std::string> name{"unset"};
        static_cast<void>(name.set("maker"));
        recorded r;
        static_cast<void>(name.set("later"));
        std::vector<std::string> seen;
        r.log.during = [&](const std::string& word) {
            EXPECT_EQ(weft::get_running_loop().current_task(), nullptr);
            seen.push_back(name.get());
            if (word == "made") static_cast<void>(name.set("protocol"));
        };
        co_await turn();
        weft::get_running_loop().call_soon([&r] {  // the layer calls from no task
            r.told.receive("data");
            r.told.sink->on_end();
        });
        co_await turn();
        co_await turn();
        EXPECT_THAT(seen, ElementsAre("maker", "protocol", "protocol", "protocol"));
        EXPECT_EQ(name.get(), "later");
    });
}

// One protocol after another

TEST(a_protocol, that_replaces_itself_lives_until_it_has_returned_and_the_next_goes_on) {
    run([]() -> weft::task<> {
        recorded r;
        diary second_log;
        const auto second = std::make_shared<recorder>(second_log);
        r.log.during = [&](const std::string& word) {
            if (word != "switch") return;
            const std::weak_ptr<recorder> self = r.protocol;
            r.protocol.reset();
            r.transport.set_protocol(second);
            EXPECT_FALSE(self.expired());
        };
        co_await turn();
        r.told.receive("switch");
        r.told.receive("next");
        EXPECT_EQ(r.log.next(), "made switch");
        EXPECT_EQ(second_log.next(), "next");  // connection_made() is not called for it
        EXPECT_EQ(r.transport.get_protocol(), second);
        r.told.sink->on_end();
        co_await turn();
        EXPECT_EQ(second_log.next(), "eof lost");
        EXPECT_EQ(r.log.next(), "");
        r.transport.set_protocol(std::make_shared<recorder>(second_log));  // over: nothing
        EXPECT_EQ(r.transport.get_protocol(), nullptr);
    });
}

TEST(a_protocol, may_be_followed_by_one_of_the_other_kind_in_the_middle_of_what_has_come) {
    run([]() -> weft::task<> {
        diary log, plain_log;
        told_layer::state told;
        const auto buffered = std::make_shared<buffered_recorder>(log, 4);
        const auto t = told_transport(told, buffered);
        log.during = [&](const std::string& word) {
            if (word == "5678") t.set_protocol(std::make_shared<recorder>(plain_log));
        };
        co_await turn();
        told.receive("1234567890");
        EXPECT_EQ(log.next(), "made get10 1234 get6 5678");
        EXPECT_EQ(plain_log.next(), "90");
        t.set_protocol(buffered);
        told.receive("ab");
        EXPECT_EQ(log.next(), "get2 ab");
        t.abort();
    });
}

TEST(a_protocol, must_be_one) {
    run([]() -> weft::task<> {
        recorded r;
        EXPECT_THROW(r.transport.set_protocol(std::shared_ptr<weft::protocol>()), std::invalid_argument);
        EXPECT_THROW(r.transport.set_protocol(std::shared_ptr<weft::buffered_protocol>()), std::invalid_argument);
        r.transport.abort();
        co_return;
    });
}

TEST(a_protocol, that_overrides_nothing_is_told_without_harm_and_closes_at_the_end) {
    run([]() -> weft::task<> {
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<weft::protocol>());
        t.set_write_buffer_limits(0);
        co_await turn();
        told.receive("data");
        t.write("x");
        told.complete_send();
        told.sink->on_end();
        co_await t.wait_closed();
        EXPECT_TRUE(told.destroyed);
    });
}

// Buffered protocols

TEST(a_buffered_protocol, is_given_what_has_come_in_pieces_that_fit) {
    run([]() -> weft::task<> {
        diary log;
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<buffered_recorder>(log, 4));
        co_await turn();
        told.receive("123456");
        told.sink->on_end();
        co_await turn();
        EXPECT_EQ(log.next(), "made get6 1234 get2 56 eof lost");
    });
}

TEST(a_buffered_protocol, that_pauses_in_the_middle_gets_the_rest_later) {
    run([]() -> weft::task<> {
        diary log;
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<buffered_recorder>(log, 4));
        log.during = [&](const std::string& word) {
            if (word == "1234") t.pause_reading();
        };
        co_await turn();
        told.receive("123456");
        told.receive("7");
        EXPECT_EQ(log.next(), "made get6 1234");
        t.resume_reading();
        co_await turn();
        EXPECT_EQ(log.next(), "get3 567");
        EXPECT_TRUE(told.receiving);
        t.abort();
    });
}

TEST(a_buffered_protocol, that_closes_in_the_middle_gets_no_more) {
    run([]() -> weft::task<> {
        diary log;
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<buffered_recorder>(log, 4));
        log.during = [&](const std::string& word) {
            if (word == "1234") t.close();
        };
        co_await turn();
        told.receive("123456");
        co_await turn();
        EXPECT_EQ(log.next(), "made get6 1234 lost");
    });
}

TEST(a_buffered_protocol, that_throws_or_has_no_room_ends_its_connection) {
    run([]() -> weft::task<> {
        const std::vector<std::tuple<std::string, std::string, std::string>> points = {
            {"get4", "Fatal error: protocol.get_buffer() call failed", "made get4 lost:thrown"},
            {"data", "Fatal error: protocol.buffer_updated() call failed", "made get4 data lost:thrown"},
            {"eof", "Fatal error: protocol.eof_received() call failed", "made get4 data eof lost:thrown"},
        };
        for (const auto& [point, message, expected] : points) {
            reports heard;
            diary log;
            told_layer::state told;
            const auto t = told_transport(told, std::make_shared<buffered_recorder>(log, 4));
            log.during = [&](const std::string& word) {
                if (word == point) throw std::runtime_error("thrown");
            };
            co_await turn();
            told.receive("data");
            told.sink->on_end();
            co_await turn();
            EXPECT_EQ(log.next(), expected);
            EXPECT_THAT(heard.messages, ElementsAre(message));
        }
        reports heard;
        diary log;
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<buffered_recorder>(log, 0));
        co_await turn();
        told.receive("data");
        co_await turn();
        EXPECT_EQ(log.next(), "made get4 lost:get_buffer() returned an empty buffer");
        EXPECT_THAT(heard.messages, ElementsAre("Fatal error: protocol.get_buffer() call failed"));
    });
}

}  // namespace
