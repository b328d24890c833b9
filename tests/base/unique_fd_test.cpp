// SPDX-License-Identifier: Apache-2.0
#include <weft/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <unistd.h>

#include <type_traits>
#include <utility>

namespace {

bool is_open(weft::native_handle fd) { return ::fcntl(fd, F_GETFD) != -1; }
weft::native_handle open_something() { return ::open("/dev/null", O_RDONLY | O_CLOEXEC); }

static_assert(!std::is_copy_constructible_v<weft::unique_fd>);
static_assert(std::is_nothrow_move_constructible_v<weft::unique_fd>);

TEST(unique_fd, closes_what_it_owns) {
    const auto fd = open_something();
    {
        const weft::unique_fd owner(fd);
        EXPECT_TRUE(owner);
        EXPECT_EQ(owner.get(), fd);
        EXPECT_TRUE(is_open(fd));
    }
    EXPECT_FALSE(is_open(fd));
}

TEST(unique_fd, an_empty_one_owns_nothing) {
    weft::unique_fd none;
    EXPECT_FALSE(none);
    EXPECT_EQ(none.get(), -1);
    none.reset();
}

TEST(unique_fd, descriptor_0_is_a_descriptor) {
    weft::unique_fd zero(0);
    EXPECT_TRUE(zero);
    EXPECT_EQ(zero.release(), 0);
}

TEST(unique_fd, a_move_leaves_the_source_empty) {
    weft::unique_fd from(open_something());
    const auto fd = from.get();
    const weft::unique_fd to(std::move(from));
    EXPECT_EQ(to.get(), fd);
    EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): what is promised
    EXPECT_TRUE(is_open(fd));
}

TEST(unique_fd, an_assignment_closes_what_was_there) {
    const auto first = open_something(), second = open_something();
    weft::unique_fd a(first), b(second);
    a = std::move(b);
    EXPECT_EQ(a.get(), second);
    EXPECT_FALSE(is_open(first));
    EXPECT_TRUE(is_open(second));
}

TEST(unique_fd, an_assignment_to_itself_changes_nothing) {
    weft::unique_fd a(open_something());
    weft::unique_fd& same = a;
    a = std::move(same);
    EXPECT_TRUE(a);
    EXPECT_TRUE(is_open(a.get()));
}

TEST(unique_fd, release_gives_the_descriptor_away) {
    weft::unique_fd a(open_something());
    const auto fd = a.release();
    EXPECT_FALSE(a);
    EXPECT_TRUE(is_open(fd));
    a.reset(fd);
    a.reset();
    EXPECT_FALSE(is_open(fd));
}

}  // namespace
