// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/busy_clock.hpp"
#include "inspect/read_trace.hpp"
#include "io/temporary_folder.hpp"

#include <weft/inspect/flight_recorder.hpp>
#include <weft/loop/event_loop.hpp>

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace weft_test {

/// A loop on which work takes time, and what a recorder has seen of it.
class recorded : public ::testing::Test {
protected:
    void run(weft::task<> main) { loop_.run_until_complete(std::move(main)); }
    std::vector<trace_event> trace(const weft::flight_recorder& recorder,
                                   weft::clock::duration last = weft::clock::duration::max()) {
        recorder.write_file(folder_ / "trace.json", last);
        return read_trace(folder_ / "trace.json");
    }

    temporary_folder folder_;
    busy_loop busy_;
    busy_clock& clock_ = busy_.clock;
    weft::event_loop& loop_ = busy_.loop;
};

}  // namespace weft_test
