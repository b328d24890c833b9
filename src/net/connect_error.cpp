// SPDX-License-Identifier: Apache-2.0
#include <weft/net/connect_error.hpp>

#include <utility>

namespace weft::inline v0 {

namespace {

std::string describe_failures(const std::string& target, const std::vector<connect_failure>& failures) {
    if (failures.size() == 1) return failures.front().what;
    std::string text = "connect to " + target + ": all " + std::to_string(failures.size()) + " addresses failed";
    for (const connect_failure& f : failures) text += (&f == &failures.front() ? ": " : "; ") + f.what;
    return text;
}

}  // namespace

connect_error::connect_error(const std::string& target, std::vector<connect_failure> failures)
    : std::system_error(failures.front().error) {
    std::string text = describe_failures(target, failures);
    shared_ = std::make_shared<const content>(std::move(failures), std::move(text));
}

}  // namespace weft::inline v0
