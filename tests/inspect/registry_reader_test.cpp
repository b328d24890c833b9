// SPDX-License-Identifier: Apache-2.0
// A registry in a memory that has been damaged: whoever reads it neither crashes, nor goes on for ever, nor takes memory
// without bound, and says so if it is none any more.
#include "inspect/captured_memory.hpp"
#include "inspect/find_registry.hpp"
#include "inspect/registry_reader.hpp"

#include <weft/inspect/diagnose.hpp>
#include <weft/inspect/snapshot.hpp>
#include <weft/loop/registry.hpp>
#include <weft/testing/run.hpp>
#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using testing::HasSubstr;
using weft_test::captured_memory;

namespace {

std::uint64_t address_of(const auto& object) { return reinterpret_cast<std::uint64_t>(&object); }

/// As snapshot_process() does it.
weft::process_snapshot read_registry(const captured_memory& memory) {
    weft::process_snapshot all;
    for (const std::uint64_t head : weft::find_registries(memory, "this"))
        weft::registry_reader(memory, head, memory.now(), {.deepest = 64}).read_loops(all.loops);
    return all;
}

std::size_t tasks_in(const weft::process_snapshot& p) {
    std::size_t count = 0;
    for (const weft::loop_snapshot& loop : p.loops) count += loop.tasks.size();
    return count;
}

weft::task<> sleeps(int deeper) {
    if (deeper > 0) {
        co_await sleeps(deeper - 1);
    } else {
        co_await weft::sleep(1h);
    }
}

/// A memory in which there are tasks that wait in each of the ways that the registry describes.
class damaged_memory : public testing::Test {
protected:
    void capture() {
        weft::testing::run([](damaged_memory& test) -> weft::task<> {
            weft::lock l;
            weft::event bell;
            weft::queue<int> q;
            const auto holder = weft::create_task(
                [](weft::lock& held_one) -> weft::task<> {
                    const auto held = co_await held_one.acquire();
                    co_await weft::sleep(1h);
                }(l),
                {.name = "holder"});
            const auto waits = weft::create_task(
                [](weft::lock& wanted) -> weft::task<> { const auto held = co_await wanted.acquire(); }(l));
            const auto a = weft::create_task(sleeps(3)), b = weft::create_task(sleeps(0));
            const auto gathers =
                weft::create_task([](auto x, auto y) -> weft::task<> { co_await weft::gather(x, y); }(a, b));
            const auto any =
                weft::create_task([](auto x, auto y) -> weft::task<> { co_await weft::wait(std::vector{x, y}); }(a, b));
            const auto selects = weft::create_task([](weft::event& e, weft::queue<int>& items) -> weft::task<> {
                co_await weft::select(items.get(), e.wait(), weft::sleep(10s));
            }(bell, q));
            const auto group = weft::create_task(
                [](std::uint64_t& where) -> weft::task<> {
                    co_await weft::with(weft::task_group{}, [&](weft::task_group& g) -> weft::task<> {
                        where = address_of(g);
                        for (int i = 0; i < 3; ++i) g.create_task(sleeps(1));
                        co_return;
                    });
                }(test.group_),
                {.name = "group"});
            co_await weft::sleep(1s);
            test.memory_.emplace(::getpid());
            test.whole_ = read_registry(*test.memory_);
            for (const auto& h : {holder, waits, gathers, any, selects, group}) h.cancel();
            co_await weft::yield_now();
            co_await weft::yield_now();
            co_await weft::yield_now();
        }(*this));
        memory_->freeze();
    }
    void SetUp() override {
        capture();
        ASSERT_GE(tasks_in(whole_), 12u);
    }

    std::optional<captured_memory> memory_;
    weft::process_snapshot whole_;
    std::uint64_t group_ = 0;
    const std::uint64_t head_ = address_of(weft::weft_registry_head);
    const weft::registry_layout& layout_ = *weft::weft_registry_head.layout;
};

TEST_F(damaged_memory, is_read_as_the_process_was_while_nothing_is_damaged) {
    const weft::process_snapshot again = read_registry(*memory_);
    EXPECT_EQ(tasks_in(again), tasks_in(whole_));
    EXPECT_EQ(again.loops.at(0).tasks.at(1).stack.size(), whole_.loops.at(0).tasks.at(1).stack.size());
}

TEST_F(damaged_memory, with_loops_in_a_circle_shows_each_once) {
    const auto root = memory_->get(head_ + offsetof(weft::registry_head, roots));
    memory_->put(root, root);  // the next one is itself
    EXPECT_EQ(read_registry(*memory_).loops.size(), 1u);
}

TEST_F(damaged_memory, with_pages_in_a_circle_shows_each_task_once) {
    const auto root = memory_->get(head_ + offsetof(weft::registry_head, roots));
    const auto page = memory_->get(root + 8);
    memory_->put(page, page);
    EXPECT_EQ(read_registry(*memory_).loops.at(0).tasks.size(), whole_.loops.at(0).tasks.size());
}

TEST_F(damaged_memory, with_a_task_in_two_slots_shows_it_once) {
    const auto root = memory_->get(head_ + offsetof(weft::registry_head, roots));
    const std::uint64_t slots = memory_->get(root + 8) + offsetof(weft::registry_page, slots);
    const std::uint64_t word = memory_->get(slots);
    for (std::uint64_t i = 0; i < weft::registry_page::capacity; ++i) memory_->put(slots + 8 * i, word);
    EXPECT_EQ(read_registry(*memory_).loops.at(0).tasks.size(), 1u);
}

TEST_F(damaged_memory, with_a_list_that_comes_back_to_its_middle_is_soon_read) {
    const std::uint64_t list = group_ + sizeof(void*);  // behind whose group it is
    const std::uint64_t first = memory_->get(list + layout_.list_first);
    const std::uint64_t second = memory_->get(first + layout_.node_next);
    const std::uint64_t third = memory_->get(second + layout_.node_next);
    ASSERT_EQ(memory_->get(third + layout_.node_next), list);
    memory_->put(third + layout_.node_next, second);
    const std::size_t before = memory_->requests();
    read_registry(*memory_);
    EXPECT_LT(memory_->requests() - before, 2000u);
}

TEST_F(damaged_memory, with_times_at_the_ends_of_time_is_read) {
    const auto root = memory_->get(head_ + offsetof(weft::registry_head, roots));
    for (const auto time : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()}) {
        memory_->put(root + offsetof(weft::registry_root, time), static_cast<std::uint64_t>(time));
        EXPECT_EQ(tasks_in(read_registry(*memory_)), tasks_in(whole_));
    }
}

TEST_F(damaged_memory, whose_layout_is_overwritten_is_refused) {
    memory_->put(address_of(layout_), ~std::uint64_t{0});
    try {
        read_registry(*memory_);
        ADD_FAILURE();
    } catch (const std::runtime_error& e) {
        EXPECT_THAT(e.what(), HasSubstr("damaged"));
    }
}

/// A word as it may be after something has gone astray.
std::uint64_t damaged_word(std::uint64_t word, std::uint64_t at, const captured_memory& memory, auto& random) {
    const auto any = [&] { return memory.places()[random() % memory.places().size()]; };
    switch (random() % 10) {
        case 0: return 0;
        case 1: return ~std::uint64_t{0};
        case 2: return random();
        case 3: return at;  // leads to itself
        case 4: return any();  // leads elsewhere
        case 5: return memory.get(any());  // leads where something else does
        case 6: return std::uint64_t{1} << random() % 64;
        case 7: return word + 8;
        case 8: return (word & 0xffff) | any() << 16;  // a slot's task is another
        default: return word ^ (std::uint64_t{1} << random() % 64);
    }
}

/// So often; many more of them, by this variable, have found nothing either.
unsigned long times_to_damage() {
    const char* const wish = std::getenv("WEFT_DAMAGES");
    return wish ? std::strtoul(wish, nullptr, 10) : 300;
}

TEST_F(damaged_memory, is_read_or_refused_within_bounds) {
    std::size_t most_requests = 0, most_bytes = 0, refused = 0;
    for (unsigned long seed = 1; seed <= times_to_damage(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::mt19937_64 random(seed);
        for (std::uint64_t i = 0, count = 1 + random() % 8; i < count; ++i) {
            const std::uint64_t at = memory_->places()[random() % memory_->places().size()];
            memory_->put(at, damaged_word(memory_->get(at), at, *memory_, random));
        }
        const std::size_t requests = memory_->requests(), bytes = memory_->bytes();
        try {
            weft::process_snapshot p = read_registry(*memory_);
            weft::diagnose(p);
            EXPECT_LE(tasks_in(p), 100 * weft::registry_page::capacity);
        } catch (const std::runtime_error&) {
            ++refused;
        }
        most_requests = std::max(most_requests, memory_->requests() - requests);
        most_bytes = std::max(most_bytes, memory_->bytes() - bytes);
        memory_->mend();
    }
    EXPECT_LT(most_requests, 2'000'000u);
    EXPECT_LT(most_bytes, std::size_t(1) << 28);
    EXPECT_LT(refused, times_to_damage() / 2);  // else this would have looked at little
    EXPECT_EQ(tasks_in(read_registry(*memory_)), tasks_in(whole_));
}

TEST_F(damaged_memory, of_which_half_is_gone_is_read_or_refused) {
    for (unsigned seed = 1; seed <= 100; ++seed) {
        std::mt19937_64 random(seed);
        memory_->lose_pages([&] { return random() % 8 == 0; });
        try {
            weft::process_snapshot p = read_registry(*memory_);
            weft::diagnose(p);
            EXPECT_LE(tasks_in(p), tasks_in(whole_));
        } catch (const std::runtime_error&) {
        }
        memory_->mend();
    }
}

}  // namespace
