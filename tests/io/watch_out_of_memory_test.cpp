// SPDX-License-Identifier: Apache-2.0
// No memory, for each allocation of watching a folder: an error or every event, nothing is left, and it works again.
#include "io/temporary_folder.hpp"
#include "without_memory.hpp"

#include <weft/io/watch.hpp>

#include <sys/stat.h>

#include <memory>
#include <string>

using namespace weft_test;

namespace {

#ifndef WEFT_TEST_NO_ALLOCATION_FAILS

using events = weft::async_generator<weft::file_event>;

/// A task shares them, which outlives an attempt that fails.
weft::task<weft::file_event> next_of(std::shared_ptr<events> from) { co_return *co_await from->next(); }

/// Waits for what `change` does, and takes it.
template <class Change>
weft::task<weft::file_event> next_after(std::shared_ptr<events> from, Change change) {
    auto waiting = weft::create_task(next_of(from));
    for (int i = 0; i < 3; ++i) co_await weft::yield_now();
    EXPECT_EQ(change(), 0);
    co_return co_await waiting;
}

TEST(watch, without_memory_tells_every_event_or_says_so) {
    using enum weft::file_event::kind_of;
    const temporary_folder folder, elsewhere;
    const std::string one = folder / "a-folder-whose-name-is-long", other = folder / "another-with-a-name-as-long",
                      away = elsewhere / "away";
    const std::size_t allocations_made = fail_each_allocation([&]() -> weft::task<> {
        for (const std::string* const each : {&one, &other, &away}) ::rmdir(each->c_str());
        const auto from = std::make_shared<events>(weft::watch(folder.path()));
        auto event = co_await next_after(from, [&] { return ::mkdir(one.c_str(), 0700); });
        EXPECT_TRUE(event.kind == created && event.name == "a-folder-whose-name-is-long" && event.is_directory);
        event = co_await next_after(from, [&] { return ::rename(one.c_str(), other.c_str()); });
        EXPECT_TRUE(event.kind == moved && event.to == "another-with-a-name-as-long");
        event = co_await next_after(from, [&] { return ::rename(other.c_str(), away.c_str()); });  // and no second half
        EXPECT_EQ(event.kind, moved_away);
    });
    EXPECT_GT(allocations_made, 10u);
}

#endif

}  // namespace
