// SPDX-License-Identifier: Apache-2.0
#include <weft/base/describe_exception.hpp>
#include <weft/base/exception_group.hpp>

#include <stdexcept>

namespace weft::inline v0 {

namespace {

std::optional<exception_group> as_group(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const exception_group& g) {
        return g;
    } catch (...) {
        return std::nullopt;
    }
}

std::string text_of(const std::string& message, const std::vector<std::exception_ptr>& exceptions) {
    std::string text = message + " (" + std::to_string(exceptions.size()) +
                       (exceptions.size() == 1 ? " sub-exception)" : " sub-exceptions)");
    for (std::size_t i = 0; i < exceptions.size(); ++i) {
        text += "\n  " + std::to_string(i + 1) + ": ";
        for (const char c : describe_exception(exceptions[i])) {
            text += c;
            if (c == '\n') text += "  ";
        }
    }
    return text;
}

}  // namespace

exception_group::exception_group(std::string message, std::vector<std::exception_ptr> exceptions) {
    if (exceptions.empty()) throw std::invalid_argument("exception_group: it needs at least one exception");
    for (const std::exception_ptr& e : exceptions) {
        if (!e) throw std::invalid_argument("exception_group: a null exception_ptr is no exception");
    }
    std::string text = text_of(message, exceptions);
    shared_ = std::make_shared<content>(std::move(message), std::move(exceptions), std::move(text));
}

exception_group::parts exception_group::split(const predicate& wanted) const {
    if (wanted(std::make_exception_ptr(*this))) return {*this, std::nullopt};  // the group itself is one of them
    std::vector<std::exception_ptr> matching, rest;
    for (const std::exception_ptr& e : exceptions()) {
        if (wanted(e)) {
            matching.push_back(e);
        } else if (const auto inner = as_group(e)) {
            const auto [of_these, of_those] = inner->split(wanted);
            if (of_these) matching.push_back(std::make_exception_ptr(*of_these));
            if (of_those) rest.push_back(std::make_exception_ptr(*of_those));
        } else {
            rest.push_back(e);
        }
    }
    parts both;
    if (!matching.empty()) both.first.emplace(message(), std::move(matching));
    if (!rest.empty()) both.second.emplace(message(), std::move(rest));
    return both;
}

}  // namespace weft::inline v0
