// SPDX-License-Identifier: Apache-2.0
#include "errors.hpp"

#include <weft/coro/traceback.hpp>

namespace differential {

std::exception_ptr made(raised what, int number) {
    switch (what) {
        case raised::a: return std::make_exception_ptr(error_a(number));
        case raised::b: return std::make_exception_ptr(error_b(number));
        case raised::c: return std::make_exception_ptr(error_c(number));
        case raised::gx: return std::make_exception_ptr(exit_gx(number));
        case raised::exit: break;
    }
    return std::make_exception_ptr(weft::generator_exit());
}

namespace {

template <class E>
bool is(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const E&) {
        return true;
    } catch (...) {
        return false;
    }
}

}  // namespace

bool matches(caught what, const std::exception_ptr& error) {
    switch (what) {
        case caught::a: return is<error_a>(error);
        case caught::b: return is<error_b>(error);
        case caught::c: return is<error_c>(error);
        case caught::gx: return is<exit_gx>(error);
        case caught::exit: return is<weft::generator_exit>(error);
        case caught::running: return is<weft::generator_already_running>(error);
        case caught::ignored: return is<weft::generator_ignored_exit>(error);
        case caught::not_started: return is<weft::generator_not_started>(error);
        case caught::cannot_send: return is<weft::generator_cannot_send>(error);
        case caught::exception: return is<std::exception>(error);
        case caught::any: break;
    }
    return true;
}

std::string describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const error_b& e) {
        return "B" + std::to_string(e.number);
    } catch (const error_a& e) {
        return "A" + std::to_string(e.number);
    } catch (const error_c& e) {
        return "C" + std::to_string(e.number);
    } catch (const exit_gx& e) {
        return "GX" + std::to_string(e.number);
    } catch (const weft::generator_exit&) {
        return "exit";
    } catch (const weft::generator_already_running&) {
        return "running";
    } catch (const weft::generator_ignored_exit&) {
        return "ignored";
    } catch (const weft::generator_not_started&) {
        return "not_started";
    } catch (const weft::generator_cannot_send&) {
        return "cannot_send";
    } catch (...) {
        return "what no program raises: " + weft::describe_exception(error);
    }
}

}  // namespace differential
