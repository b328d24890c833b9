// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/base/errors.hpp>
#include <weft/coro/generator.hpp>

#include <stdexcept>
#include <string>
#include <vector>

// A generator that delegates to another one; both log what happens to them.

namespace {

using weft::generator;
using weft::generator_state;
using log_t = std::vector<std::string>;
using text = generator<std::string>;

/// A `finally`: says in the log when it goes.
struct finally {
    log_t& log;
    std::string name;
    ~finally() { log.push_back(name); }
};

/// What a generator does about generator_exit.
enum class on_exit { passes, returns, yields, throws };

text inner_text(log_t& log, on_exit reaction = on_exit::passes) {
    const finally f(log, "inner ends");
    bool yields_again = false;
    std::string caught;
    try {
        co_yield "inner 1";
        co_yield "inner 2";
    } catch (const std::runtime_error& e) {
        caught = e.what();
    } catch (const weft::generator_exit&) {
        log.push_back("inner exit");
        if (reaction == on_exit::passes) throw;
        if (reaction == on_exit::throws) throw std::logic_error("the inner clean-up failed");
        yields_again = reaction == on_exit::yields;
    }
    if (yields_again) co_yield "inner will not end";
    if (caught.empty()) co_return;
    log.push_back("inner caught " + caught);
    if (caught == "returns") co_return;
    if (caught == "throws on") throw std::runtime_error("inner's answer");
    co_yield "inner recovered";
    co_yield "inner goes on";
}

text outer_text(log_t& log, on_exit reaction = on_exit::passes) {
    const finally f(log, "outer ends");
    std::string caught;
    try {
        co_yield weft::from(inner_text(log, reaction));
    } catch (const weft::generator_exit&) {
        log.push_back("outer exit");
        throw;
    } catch (const std::exception& e) {
        caught = e.what();
    }
    if (!caught.empty()) co_yield "outer caught " + caught;
    co_yield "outer goes on";
}

}  // namespace
