// SPDX-License-Identifier: Apache-2.0
// What a transport sends, when its protocol is paused, and when it pauses, over a layer that does as it is told.
#include "io/recorder.hpp"

using namespace weft_test;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

// Writing

TEST(transport, is_given_what_the_layer_does_not_take_at_once_and_then_what_came_meanwhile) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.told.takes = 3;
        r.transport.write("");
        r.transport.write("abcdef");
        EXPECT_EQ(r.told.sent, "abc");
        EXPECT_EQ(r.told.sending, "def");
        r.transport.write("ghi");
        r.transport.writelines({"j", "", "kl"});
        EXPECT_EQ(r.told.sending, "def");
        EXPECT_EQ(r.transport.get_write_buffer_size(), 9u);
        r.told.complete_send();
        EXPECT_EQ(r.told.sending, "ghijkl");
        r.told.complete_send();
        EXPECT_EQ(r.told.sent, "abcdefghijkl");
        EXPECT_EQ(r.transport.get_write_buffer_size(), 0u);
        r.told.takes = 4;
        r.transport.writelines({"mno", "pqr"});  // the layer may take the first alone
        EXPECT_EQ(r.told.sent, "abcdefghijklmno");
        EXPECT_EQ(r.told.sending, "pqr");
        r.transport.writelines({});
        r.transport.abort();
    });
}

TEST(transport, ends_its_direction_after_the_last_byte) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.write("last");
        EXPECT_TRUE(r.transport.can_write_eof());
        r.transport.write_eof();
        r.transport.write_eof();
        EXPECT_FALSE(r.told.ended);
        EXPECT_THROW(r.transport.write("more"), weft::invalid_state_error);
        EXPECT_THROW(r.transport.writelines({"more"}), weft::invalid_state_error);
        r.told.complete_send();
        EXPECT_TRUE(r.told.ended);
        r.told.receive("reply");
        EXPECT_EQ(r.log.next(), "made reply");
        EXPECT_FALSE(r.transport.is_closing());
        r.transport.close();
        co_await turn();
        EXPECT_EQ(r.log.next(), "lost");
    });
}

TEST(transport, ends_its_direction_at_once_if_nothing_is_unsent_and_not_at_all_once_it_closes) {
    run([]() -> weft::task<> {
        recorded open;
        co_await turn();
        open.transport.write_eof();
        EXPECT_TRUE(open.told.ended);
        open.transport.abort();
        recorded closing;
        co_await turn();
        closing.transport.write("x");
        closing.transport.close();
        closing.transport.write_eof();
        closing.told.complete_send();
        EXPECT_FALSE(closing.told.ended);
    });
}

TEST(transport, lost_it_drops_what_is_written_and_at_the_fifth_time_says_so) {
    run([]() -> weft::task<> {
        reports heard;
        recorded r;
        co_await turn();
        r.transport.abort();
        for (int i = 0; i < 2; ++i) r.transport.write("x");
        co_await turn();
        for (int i = 0; i < 2; ++i) r.transport.write("x");
        EXPECT_THAT(heard.messages, IsEmpty());
        for (int i = 0; i < 20; ++i) r.transport.write("x");
        EXPECT_THAT(heard.messages, ElementsAre("a protocol keeps writing to told:1, to which the connection is lost"));
        EXPECT_EQ(r.transport.get_write_buffer_size(), 0u);
    });
}

TEST(transport, passes_on_what_its_protocol_receives_without_a_copy) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        const std::string text(3000, 'x');
        const std::byte* where = nullptr;
        struct forwarder : weft::protocol {
            explicit forwarder(const std::byte*& w) : where(w) {}
            void connection_made(weft::transport t) override { transport = std::move(t); }
            void data_received(std::span<const std::byte> data) override {
                where = data.data() + 100;
                transport.write(data.subspan(100));
                transport.write(data);                 // now it is being sent: a copy
                EXPECT_EQ(weft::as_text(data), std::string(3000, 'x'));
            }
            weft::transport transport;
            const std::byte*& where;
        };
        told_layer::state told;
        const auto t = told_transport(told, std::make_shared<forwarder>(where));
        co_await turn();
        told.receive(text);
        EXPECT_EQ(static_cast<const void*>(told.sending.data()), static_cast<const void*>(where));
        EXPECT_EQ(told.sending.size(), 2900u);
        told.complete_send();
        told.complete_send();
        EXPECT_EQ(told.sent, std::string(5900, 'x'));
        told.takes = 2000;
        told.receive(text);
        EXPECT_EQ(told.sending.size(), 900u);  // fewer are copied
        EXPECT_NE(static_cast<const void*>(told.sending.data()), static_cast<const void*>(where + 2000));
        t.abort();
        r.transport.abort();
    });
}

// Pausing to write

TEST(writing, is_paused_strictly_above_the_high_watermark_within_the_write) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.log.next();
        r.transport.set_write_buffer_limits(4, 2);
        r.transport.write("abcd");
        EXPECT_EQ(r.log.next(), "");
        r.transport.write("e");
        EXPECT_EQ(r.log.next(), "pause");
        r.transport.write("fgh");
        EXPECT_EQ(r.log.next(), "");  // once
        r.told.complete_send();
        EXPECT_EQ(r.told.sending, "efgh");
        EXPECT_EQ(r.log.next(), "");  // still above the low one
        r.told.complete_send();
        EXPECT_EQ(r.log.next(), "resume");
        r.transport.abort();
    });
}

TEST(writing, is_resumed_at_the_low_watermark_though_more_is_being_sent) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.log.next();
        r.transport.set_write_buffer_limits(4, 2);
        r.transport.write("abc");
        r.transport.write("de");
        EXPECT_EQ(r.log.next(), "pause");
        r.told.complete_send();
        EXPECT_EQ(r.log.next(), "resume");
        EXPECT_EQ(r.told.sending, "de");
        r.told.complete_send();
        EXPECT_EQ(r.log.next(), "");
        r.transport.abort();
    });
}

TEST(writing, with_watermarks_of_0_is_paused_by_every_byte_that_waits) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.log.next();
        const std::size_t most = ~std::size_t{0};
        r.transport.set_write_buffer_limits(std::nullopt, most / 2);  // four times that is no number
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (weft::write_buffer_limits{most / 2, most}));
        r.transport.set_write_buffer_limits(0);
        r.told.takes = 10;
        r.transport.write("taken");
        EXPECT_EQ(r.log.next(), "");
        r.told.takes = 0;
        r.transport.write("x");
        EXPECT_EQ(r.log.next(), "pause");
        r.told.complete_send();
        EXPECT_EQ(r.log.next(), "resume");
        r.transport.abort();
    });
}

TEST(writing, may_be_paused_by_a_change_of_the_watermarks_and_goes_on_in_resume_writing) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.log.next();
        r.transport.write("abc");
        r.transport.set_write_buffer_limits(2);
        EXPECT_EQ(r.log.next(), "pause");
        r.log.during = [&](const std::string& word) {
            if (word == "resume") r.transport.write("again, and too much");
        };
        r.told.complete_send();
        EXPECT_EQ(r.log.next(), "resume pause");
        r.log.during = [&](const std::string& word) {
            if (word == "resume") r.transport.close();
        };
        r.told.complete_send();
        co_await turn();
        EXPECT_EQ(r.log.next(), "resume lost");
    });
}

TEST(writing, has_watermarks_of_64_and_16_KiB_unless_told_otherwise) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        using limits = weft::write_buffer_limits;
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 16384, .high_bytes = 65536}));
        r.transport.set_write_buffer_limits(1024, 128);
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 128, .high_bytes = 1024}));
        r.transport.set_write_buffer_limits(1024);
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 256, .high_bytes = 1024}));
        r.transport.set_write_buffer_limits(std::nullopt, 128);
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 128, .high_bytes = 512}));
        EXPECT_THROW(r.transport.set_write_buffer_limits(1, 2), std::invalid_argument);
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 128, .high_bytes = 512}));
        r.transport.set_write_buffer_limits();
        EXPECT_EQ(r.transport.get_write_buffer_limits(), (limits{.low_bytes = 16384, .high_bytes = 65536}));
        r.transport.abort();
    });
}

// Pausing to read

TEST(reading, paused_keeps_what_has_come_and_how_it_ended_for_later) {
    run([]() -> weft::task<> {
        recorded r(true);
        co_await turn();
        EXPECT_TRUE(r.transport.is_reading());
        r.transport.pause_reading();
        r.transport.pause_reading();
        EXPECT_FALSE(r.transport.is_reading());
        EXPECT_FALSE(r.told.receiving);
        r.told.receive("on its ");
        r.told.receive("way");
        r.told.sink->on_end();
        EXPECT_EQ(r.log.next(), "made");
        r.transport.resume_reading();
        r.transport.resume_reading();
        EXPECT_TRUE(r.transport.is_reading());
        EXPECT_EQ(r.log.next(), "");  // not from within that call
        co_await turn();
        EXPECT_EQ(r.log.next(), "on its way eof");
        r.transport.pause_reading();
        r.transport.resume_reading();
        co_await turn();
        EXPECT_EQ(r.log.next(), "");  // told once
        r.transport.abort();
    });
}

TEST(reading, paused_keeps_an_error_until_what_came_before_has_been_read) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.pause_reading();
        r.told.receive("last");
        r.told.sink->on_receive_error(ECONNRESET);
        co_await turn();
        EXPECT_EQ(r.log.next(), "made");
        r.transport.resume_reading();
        co_await turn();
        co_await turn();
        EXPECT_EQ(r.log.next(), "last lost:" + std::to_string(ECONNRESET));
    });
}

TEST(reading, resumed_goes_on_and_what_comes_meanwhile_comes_after) {
    run([]() -> weft::task<> {
        recorded r;
        co_await turn();
        r.transport.pause_reading();
        r.told.receive("1");
        r.transport.resume_reading();
        r.told.receive("2");
        EXPECT_EQ(r.log.next(), "made");
        r.log.during = [&](const std::string& word) {
            if (word == "12") r.transport.pause_reading();
        };
        co_await turn();
        EXPECT_EQ(r.log.next(), "12");
        EXPECT_FALSE(r.told.receiving);
        r.transport.resume_reading();
        EXPECT_TRUE(r.told.receiving);
        r.told.receive("3");
        EXPECT_EQ(r.log.next(), "3");
        r.transport.abort();
    });
}

TEST(reading, may_be_paused_before_the_first_byte) {
    run([]() -> weft::task<> {
        recorded r;
        r.log.during = [&](const std::string&) { r.transport.pause_reading(); };
        r.told.receive("early");
        co_await turn();
        r.log.during = [](const std::string&) {};
        EXPECT_EQ(r.log.next(), "made");
        EXPECT_FALSE(r.told.receiving);
        r.transport.resume_reading();
        co_await turn();
        EXPECT_EQ(r.log.next(), "early");
        EXPECT_TRUE(r.told.receiving);
        r.transport.abort();
    });
}

}  // namespace
