// SPDX-License-Identifier: Apache-2.0
#include "http/crypto/random_bytes.hpp"

#include <weft/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <set>
#include <string>
#include <thread>

namespace http = weft::http;

namespace {

std::string random_text(std::size_t size = 16) {
    std::string text(size, '\0');
    http::fill_with_random_bytes(text);
    return text;
}

/// What `f` returns in a forked child.
template <class F>
std::string in_a_child(F f) {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    const weft::unique_fd output(ends[0]);
    weft::unique_fd input(ends[1]);
    const pid_t child = ::fork();
    if (child == 0) {
        const std::string text = f();
        ::_exit(::write(input.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 1);
    }
    input.reset();
    std::string text;
    std::array<char, 256> piece;
    for (ssize_t n; (n = ::read(output.get(), piece.data(), piece.size())) > 0;) {
        text.append(piece.data(), static_cast<std::size_t>(n));
    }
    ::waitpid(child, nullptr, 0);
    return text;
}

TEST(random_bytes, none_comes_twice) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(random_text(12));  // the stock ends within one of them
    seen.insert(random_text(1000));
    std::thread([&] { seen.insert(random_text(12)); }).join();
    EXPECT_EQ(seen.size(), 102u);
    EXPECT_EQ(seen.count(std::string(12, '\0')), 0u);
}

TEST(random_bytes, a_forked_child_does_not_repeat_its_parents) {
    random_text();  // and has more in stock
    const std::string first = in_a_child([] { return random_text(); });
    const std::string second = in_a_child([] { return random_text(); });
    const std::string childs_child = in_a_child([] {
        random_text();
        return in_a_child([] { return random_text(); });
    });
    std::set<std::string> all = {first, second, childs_child};
    for (int i = 0; i < 20; ++i) all.insert(random_text());
    EXPECT_EQ(all.size(), 23u);
    for (const std::string& text : all) EXPECT_EQ(text.size(), 16u);
}

TEST(random_bytes, a_childs_child_does_not_repeat_the_childs) {
    const std::string both = in_a_child([] {
        const std::string before = random_text();
        const std::string other = in_a_child([] { return random_text(); });
        return other + random_text();
    });
    ASSERT_EQ(both.size(), 32u);
    EXPECT_NE(both.substr(0, 16), both.substr(16));
}

}  // namespace
