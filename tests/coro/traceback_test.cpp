// SPDX-License-Identifier: Apache-2.0
#include <weft/base/errors.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>

#include <gtest/gtest.h>

#include <coroutine>
#include <exception>
#include <stdexcept>
#include <string>

namespace app {
struct failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct no_std_exception {};
}  // namespace app

namespace {

TEST(traceback, format_stack_is_pythons_layout) {
    const std::vector<weft::stack_frame> frames = {{"serve", "server.cpp", 12}, {"handle", "handler.cpp", 3}};
    EXPECT_EQ(weft::format_stack(frames), "  File \"server.cpp\", line 12, in serve\n"
                                          "  File \"handler.cpp\", line 3, in handle\n");
    EXPECT_EQ(weft::format_stack({}), "");
}

TEST(traceback, the_chain_of_nothing_is_empty) { EXPECT_TRUE(weft::await_chain(nullptr).empty()); }

TEST(traceback, a_function_as_clang_names_it) {
    EXPECT_EQ(weft::readable_function("weft::task<int> compute(int, int)"), "compute");
    EXPECT_EQ(weft::readable_function("weft::task<> app::serve(weft::stream)"), "app::serve");
    EXPECT_EQ(weft::readable_function("weft::task<std::pair<int, long>> app::server::run(std::vector<int>) const"),
              "app::server::run");
    EXPECT_EQ(weft::readable_function("task<void (*)(int)> callback_of(int)"), "callback_of");
    EXPECT_EQ(weft::readable_function("weft::task<> app::box<std::pair<int, int>>::open(int) [T = int]"),
              "app::box<std::pair<int, int>>::open");
}

TEST(traceback, a_function_as_gcc_names_it_inside_a_coroutine) {
    EXPECT_EQ(weft::readable_function("void compute(compute(int)::_Z7computei.Frame*)"), "compute");
    EXPECT_EQ(weft::readable_function("void app::compute(app::compute(int)::_ZN3app7computeEi.Frame*)"),
              "app::compute");
}

TEST(traceback, an_unnamed_namespace_is_not_named) {
    EXPECT_EQ(weft::readable_function("weft::task<> (anonymous namespace)::timed_sleep(int)"), "timed_sleep");
    EXPECT_EQ(weft::readable_function("weft::task<> app::(anonymous namespace)::box::open(int)"), "app::box::open");
    EXPECT_EQ(weft::readable_function("void {anonymous}::compute(_ZN12_GLOBAL__N_17computeEi.Frame*)"), "compute");
}

TEST(traceback, a_lambda_is_named_by_the_function_around_it_and_a_call_operator_by_its_class) {
    EXPECT_EQ(
        weft::readable_function("auto app::(anonymous namespace)::f(int)::(anonymous class)::operator()(int) const"),
        "app::f");
    EXPECT_EQ(weft::readable_function("auto main()::(anonymous class)::operator()(auto) const [auto:1 = int]"), "main");
    EXPECT_EQ(weft::readable_function("weft::task<> app::box::operator()(int) const"), "app::box::operator()");
}

TEST(traceback, what_is_no_signature_stays_as_it_is) {
    EXPECT_EQ(weft::readable_function("main"), "main");
    EXPECT_EQ(weft::readable_function(""), "");
}

TEST(traceback, this_compilers_own_name_is_readable) {
    struct here {
        static weft::task<std::string> name(const std::vector<int>&) {
            co_return std::source_location::current().function_name();
        }
    };
    auto t = here::name({});
    const std::string given = *t.step();
    const std::string readable = weft::readable_function(given.c_str());
    EXPECT_TRUE(readable.ends_with("name") || readable.ends_with("TestBody")) << given << " -> " << readable;
    EXPECT_EQ(readable.find("anonymous"), std::string::npos) << given << " -> " << readable;
}

TEST(traceback, an_exception_is_its_type_and_what_it_says) {
    const auto describe = [](auto e) { return weft::describe_exception(std::make_exception_ptr(std::move(e))); };
    EXPECT_EQ(describe(std::runtime_error("no")), "std::runtime_error: no");
    EXPECT_EQ(describe(app::failure("not at all")), "app::failure: not at all");
    EXPECT_EQ(describe(weft::invalid_state_error("done")), "weft::invalid_state_error: done");
    EXPECT_EQ(describe(weft::cancelled_error()), "weft::cancelled_error");
    EXPECT_EQ(describe(weft::cancelled_error("enough")), "weft::cancelled_error: enough");
    EXPECT_EQ(describe(app::no_std_exception()), "app::no_std_exception");
    EXPECT_EQ(describe(42), "int");
    EXPECT_EQ(weft::describe_exception(nullptr), "no exception");
}

}  // namespace
