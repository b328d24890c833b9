// SPDX-License-Identifier: Apache-2.0
#include "../world.hpp"

#include <weft/base/errors.hpp>

// Within one task, as in control.py.

namespace differential {
namespace {

weft::task<bool> raise(body&, const statement& s) {
    if (s.which() == 1) throw error_b(s.site);
    throw error_a(s.site);
    co_return false;
}

weft::task<bool> return_(body& b, const statement& s) {
    b.value = s.site;
    co_return true;
}

bool is_timeout(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const weft::timeout_error&) {
        return true;
    } catch (...) {
        return false;
    }
}

bool is_caught(number kind, const std::exception_ptr& error) {
    switch (kind) {
        case 0: return weft::is_cancellation(error);
        case 1: return !weft::is_cancellation(error);
        case 2: return true;
        default: return is_timeout(error);
    }
}

weft::task<bool> try_(body& b, const statement& s) {
    std::exception_ptr error;
    try {
        co_return co_await b.block(s.blocks[0]);
    } catch (...) {
        error = std::current_exception();
    }
    if (!is_caught(s.numbers[0], error)) std::rethrow_exception(error);
    b.log(s.site, "catches " + describe(error) + cancelling());
    if (co_await b.block(s.blocks[1])) co_return true;
    if (s.numbers[1]) std::rethrow_exception(error);
    co_return false;
}

weft::task<bool> finally(body& b, const statement& s) {
    std::exception_ptr error;
    bool returned = false;
    try {
        returned = co_await b.block(s.blocks[0]);
    } catch (...) {
        error = std::current_exception();
    }
    b.log(s.site, "cleans up" + cancelling());
    co_await b.block(s.blocks[1]);
    if (error) std::rethrow_exception(error);
    co_return returned;
}

}  // namespace

vocabulary control_words() {
    return {.actions = {}, .activities = {{"raise", raise}, {"return", return_}, {"try", try_}, {"finally", finally}}};
}

}  // namespace differential
