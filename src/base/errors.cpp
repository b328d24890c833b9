// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>

namespace weft::inline v0 {

namespace {
std::string describe(const std::vector<std::string>& waiting) {
    std::string text = "deadlock: nothing can happen any more, and these tasks wait:";
    for (const std::string& task : waiting) text += "\n" + task;
    return text;
}
}  // namespace

deadlock_error::deadlock_error(std::vector<std::string> waiting)
    : std::runtime_error(describe(waiting)), waiting_(std::move(waiting)) {}

}  // namespace weft::inline v0
