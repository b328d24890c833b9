// SPDX-License-Identifier: Apache-2.0
// The memory of a flight recorder: taken once.
#include "counted_allocations.hpp"
#include "inspect/flight_record.hpp"

#include <weft/inspect/flight_recorder.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>

using namespace std::chrono_literals;

namespace {

TEST(flight_recording, allocates_nothing_once_it_is_there) {
    weft::testing::run([]() -> weft::task<> {
        weft::event bell;
        const auto waits = weft::create_task(
            [](weft::event& b) -> weft::task<> {
                for (;;) {
                    co_await b.wait();
                    co_await weft::sleep(1ms);
                }
            },
            std::ref(bell));
        const auto ring = [&]() -> weft::task<> {
            bell.set();
            bell.clear();
            co_await weft::sleep(2ms);
        };
        const auto allocations_of_rings = [&]() -> weft::task<std::size_t> {
            co_await ring();  // what is kept for the next time
            co_await ring();
            const std::size_t before = allocations;
            for (int i = 0; i < 1000; ++i) co_await ring();
            co_return allocations - before;
        };
        const std::size_t without = co_await allocations_of_rings();  // none, but where frames are not kept
        const weft::flight_recorder recorder(32 * 1000);
        EXPECT_EQ(co_await allocations_of_rings(), without);
        EXPECT_GT(recorder.recorded(), 3 * recorder.capacity());
        waits.cancel();
    }());
}

TEST(flight_recording, an_event_is_32_bytes) { EXPECT_EQ(sizeof(weft::flight_record), 32u); }

TEST(flight_recording, a_ring_is_read_from_the_oldest_to_the_newest) {
    weft::flight_ring ring(32 * 3);
    ASSERT_EQ(ring.capacity(), 3u);
    EXPECT_EQ(ring.size(), 0u);
    for (weft::nanos t = 1; t <= 2; ++t) ring.add({.when = t, .subject = 0, .event_and_number = 0});
    EXPECT_EQ(ring.size(), 2u);
    EXPECT_EQ(ring[0].when, 1);
    EXPECT_EQ(ring[1].when, 2);
    for (weft::nanos t = 3; t <= 7; ++t) ring.add({.when = t, .subject = 0, .event_and_number = 0});
    EXPECT_EQ(ring.size(), 3u);
    EXPECT_EQ(ring.count(), 7u);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(ring[i].when, static_cast<weft::nanos>(5 + i));
}

TEST(flight_recording, a_record_keeps_its_event_beside_its_number) {
    using weft::flight_event;
    weft::flight_record r{
        .when = 10, .subject = 1, .event_and_number = weft::flight_record::pack(flight_event::step, 5)};
    EXPECT_EQ(r.event(), flight_event::step);
    EXPECT_EQ(r.number(), 5u);
    EXPECT_EQ(r.end(), 15);
    r.event_and_number = weft::flight_record::pack(flight_event::woken, weft::by_another_thread);
    EXPECT_EQ(r.event(), flight_event::woken);
    EXPECT_EQ(r.number(), weft::by_another_thread);
    EXPECT_EQ(r.end(), 10) << "who woke it is no time";
}

}  // namespace
