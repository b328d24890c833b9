// SPDX-License-Identifier: Apache-2.0
#include "testing/virtual_backend.hpp"

#include <weft/testing/run.hpp>

namespace weft::inline v0::testing {

std::unique_ptr<event_loop> make_virtual_loop(const run_options& options) {
    auto loop = std::make_unique<event_loop>(std::make_unique<virtual_backend>(make_backend()));
    if (options.seed) loop->shuffle(*options.seed);
    return loop;
}

}  // namespace weft::inline v0::testing
