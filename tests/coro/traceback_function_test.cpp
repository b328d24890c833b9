// SPDX-License-Identifier: Apache-2.0
#include <weft/coro/generator.hpp>
#include <weft/coro/task.hpp>
#include <weft/coro/traceback.hpp>

#include <gtest/gtest.h>

#include <source_location>
#include <string>
#include <vector>

using weft::readable_function;

namespace shop {

std::string own_name(std::source_location where = std::source_location::current()) {
    return readable_function(where.function_name());
}

weft::task<std::string> free_function(const std::vector<int>&) { co_return own_name(); }
template <class T>
weft::task<std::string> function_template(T) {
    co_return own_name();
}

namespace {
weft::task<std::string> in_an_unnamed_namespace() { co_return own_name(); }

struct counter {
    weft::task<std::string> member(int) const { co_return own_name(); }
    weft::task<std::string> operator()() { co_return own_name(); }
    weft::task<std::string> operator<(int) { co_return own_name(); }
    weft::task<std::string> operator[](int) { co_return own_name(); }
    static weft::generator<std::string> names() { co_yield own_name(); }
};
template <class T>
struct box {
    weft::task<std::string> open() { co_return own_name(); }
};
const auto in_a_variable = [](int) -> weft::task<std::string> { co_return own_name(); };
}  // namespace

weft::task<std::string> lambda_inside() {
    return [](int, auto) -> weft::task<std::string> { co_return own_name(); }(1, 2);
}
weft::task<std::string> member_inside() {
    struct local {
        static weft::task<std::string> name() { co_return own_name(); }
    };
    return local::name();
}

}  // namespace shop

namespace {

TEST(traceback_function, this_compilers_own_names_are_as_they_were_written) {
    const auto name = [](weft::task<std::string> t) { return t.step().value(); };
    EXPECT_EQ(name(shop::free_function({})), "shop::free_function");
    EXPECT_EQ(name(shop::function_template(1)), "shop::function_template");
    EXPECT_EQ(name(shop::in_an_unnamed_namespace()), "shop::in_an_unnamed_namespace");
    EXPECT_EQ(name(shop::counter().member(1)), "shop::counter::member");
    EXPECT_EQ(name(shop::counter()()), "shop::counter::operator()");
    EXPECT_EQ(name(shop::counter() < 1), "shop::counter::operator<");
    EXPECT_EQ(name(shop::counter()[1]), "shop::counter::operator[]");
    EXPECT_EQ(shop::counter::names().next().value(), "shop::counter::names");
    const std::string in_template = name(shop::box<int>().open());
    EXPECT_TRUE(in_template == "shop::box<int>::open" || in_template == "shop::box<T>::open") << in_template;
    EXPECT_EQ(name(shop::in_a_variable(1)), "shop::<lambda>");
    EXPECT_EQ(name(shop::lambda_inside()), "shop::lambda_inside");
    EXPECT_EQ(name(shop::member_inside()), "shop::member_inside::local::name");
}

TEST(traceback_function, what_clang_writes) {
    EXPECT_EQ(readable_function("weft::task<int> app::server::run(std::vector<int> &&) const &"), "app::server::run");
    EXPECT_EQ(readable_function("static weft::generator<int> app::server::count()"), "app::server::count");
    EXPECT_EQ(readable_function("virtual weft::task<> (anonymous namespace)::base::run(void (*)(int), int)"),
              "base::run");
    EXPECT_EQ(readable_function("decltype(auto) app::f(int)"), "app::f");
    EXPECT_EQ(readable_function("weft::task<decltype(a < b)> f(int) [T = (lambda at x.cpp:1:2)]"), "f");
    EXPECT_EQ(readable_function("auto (anonymous class)::operator()() const"), "<lambda>");
    EXPECT_EQ(readable_function("auto app::(lambda)::operator()() const"), "app::<lambda>");
    EXPECT_EQ(
        readable_function("auto app::f(int)::(anonymous class)::operator()()::(anonymous class)::operator()(auto) "
                          "const [auto:1 = int]"),
        "app::f");
    EXPECT_EQ(readable_function("weft::task<> app::f(int)::here::name(int)"), "app::f::here::name");
    EXPECT_EQ(readable_function("weft::task<> app::box::operator<=>(const box &)"), "app::box::operator<=>");
    EXPECT_EQ(readable_function("weft::task<> app::box::operator->()"), "app::box::operator->");
    EXPECT_EQ(readable_function("weft::task<> app::box::operator co_await() &&"), "app::box::operator co_await");
    EXPECT_EQ(readable_function("weft::task<> app::operators::run(int)"), "app::operators::run");
    EXPECT_EQ(readable_function("weft::task<> app::box<(anonymous namespace)::thing>::open()"),
              "app::box<thing>::open");
    EXPECT_EQ(readable_function("weft::task<> app::box<(1 > 2), &app::box::get>::open()"),
              "app::box<(1 > 2), &app::box::get>::open");
}

TEST(traceback_function, what_was_cut_off_anywhere) {
    // As it is found in a memory that is overwritten, or limited.
    const std::string whole =
        "auto app::(anonymous namespace)::f(int)::(anonymous class)::operator()(std::pair<int[2], {x}> &)::box::operator<"
        "=>(int) const [auto:1 = int]";
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        EXPECT_LE(readable_function(whole.substr(0, length).c_str()).size(), length);
        EXPECT_LE(readable_function(whole.substr(length).c_str()).size(), whole.size() + 8);  // <lambda>
    }
}

TEST(traceback_function, what_gcc_writes) {
    EXPECT_EQ(
        readable_function("void app::server::run(app::server::run(std::vector<int>)::_ZN3app6server3runE.Frame*)"),
        "app::server::run");
    EXPECT_EQ(readable_function("void app::f(app::f(T)::_ZN3app1fIiEEN4weft.Frame*) [with T = int]"), "app::f");
    EXPECT_EQ(
        readable_function("weft::v0::task<int> weft::v0::call_keeping(F, Args ...) [with F = main()::<lambda()>]"),
        "weft::call_keeping");
    EXPECT_EQ(
        readable_function("void app::box<T>::open(app::box<T>::open()::_ZN3app3boxIiE4openEv.Frame*) [with T = int]"),
        "app::box<T>::open");
    EXPECT_EQ(
        readable_function("void shop::li()::<lambda(int, auto:11)>::operator()(shop::li()::<lambda(int, auto:11)>::"
                          "_ZZN4shop2liEvENKUliT_E_clIiEEN4weft2v04taskIvEEiS0_.Frame*)"),
        "shop::li");
    EXPECT_EQ(
        readable_function("void shop::li()::<lambda(int)>::operator()(shop::li()::<lambda(int)> mutable::_ZZN.Frame*)"),
        "shop::li");
    EXPECT_EQ(readable_function(
                  "void shop::{anonymous}::<lambda(int)>::operator()(shop::{anonymous}::<lambda(int)>::_ZNK.Frame*)"),
              "shop::<lambda>");
    EXPECT_EQ(readable_function(
                  "void shop::{anonymous}::counter::operator<(shop::{anonymous}::counter::operator<(int)::_ZN.Frame*)"),
              "shop::counter::operator<");
    EXPECT_EQ(readable_function(
                  "void weft::v0::keeping(keeping<shop::mi()::<lambda()> >(shop::mi()::<lambda()>)::_ZN4weft.Frame*)"),
              "weft::keeping");
    EXPECT_EQ(readable_function("main()::<lambda(main()::<lambda(int)>::_ZZ4mainENKUliE_clEi.Frame*)>"), "main");
    EXPECT_EQ(readable_function("app::f(int) const::<lambda(auto:1)> [with auto:1 = int]"), "app::f");
    EXPECT_EQ(readable_function("<lambda(<lambda(int)>::_ZNKUliE_clEi.Frame*)>"), "<lambda>");
    EXPECT_EQ(
        readable_function("void app::{anonymous}::box::operator()(app::{anonymous}::box::operator()(int)::_ZN.Frame*)"),
        "app::box::operator()");
    EXPECT_EQ(readable_function("void app::f()::here::name(app::f()::here::name(int)::_ZZN.Frame*)"),
              "app::f::here::name");
}

TEST(traceback_function, what_demanglers_write_of_symbols) {
    EXPECT_EQ(readable_function("app::main_task()::{lambda(int)#1}::operator()(int) const"), "app::main_task");
    EXPECT_EQ(readable_function("app::main_task()::$_0::operator()() const"), "app::main_task");
    EXPECT_EQ(readable_function("(anonymous namespace)::parse(int, char const*) [clone .isra.0]"), "parse");
    EXPECT_EQ(readable_function("void app::visit<int (*)(int)>(int, std::__cxx11::basic_string<char>)"),
              "app::visit<int (*)(int)>");
    EXPECT_EQ(readable_function("decltype(auto) weft::v0::await<weft::v0::event::awaiter>(weft::v0::event::awaiter&&)"),
              "weft::await<weft::event::awaiter>");
}

TEST(traceback_function, what_cannot_be_read_stays_as_it_is) {
    for (const char* odd : {"", "main", "<>", "(", "operator", "{", "f(", "a::", "[x]"}) {
        EXPECT_NO_THROW((void)readable_function(odd)) << odd;
    }
    EXPECT_EQ(readable_function("(anonymous namespace)"), "(anonymous namespace)");
}

}  // namespace
