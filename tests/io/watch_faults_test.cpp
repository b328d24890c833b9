// SPDX-License-Identifier: Apache-2.0
// Whatever the kernel says where something is watched: the error says what, nothing is left, and it works again.
#include "failing_calls.hpp"
#include "io/faulty_backend.hpp"
#include "io/operations.hpp"
#include "io/temporary_folder.hpp"

#include <weft/io/watch.hpp>

#include <fstream>

using namespace weft_test;
using testing::HasSubstr;

namespace {

/// What is said of the first event of `folder`, in which a file is made; "created", if nothing is.
weft::task<std::string> watch_once(const temporary_folder& folder, int& error) {
    try {
        auto events = weft::watch(folder.path(), {.attributes = false});
        std::ofstream(folder / "a") << "";
        const auto first = co_await events.next();
        if (first) co_return to_string(first->kind);
        co_return "nothing";
    } catch (const std::system_error& e) {
        error = e.code().value();
        co_return e.what();
    }
}

class watching : public testing::Test {
protected:
    /// @param way  in which a poll fails
    std::string outcome(fate way = {}) {
        std::filesystem::remove(folder_ / "a");
        error_ = 0;
        auto b = std::make_unique<faulty_backend>(weft::make_backend());
        b->decide = [way](weft::opcode c, weft::native_handle) { return c == weft::opcode::poll ? way : fate(); };
        weft::event_loop loop(std::move(b));
        const auto before = open_descriptors();
        const std::string said = loop.run_until_complete(watch_once(folder_, error_));
        EXPECT_EQ(open_descriptors(), before);
        return said;
    }

    const temporary_folder folder_;
    int error_ = 0;
};

TEST_F(watching, tells_why_there_is_no_watcher_and_of_what) {
    for (const int error : {EMFILE, ENFILE, ENOMEM, EINVAL, ENOSYS}) {
        const failing_calls failing(system_call::inotify_init1, {.error = error});
        EXPECT_THAT(outcome(), HasSubstr("watch " + folder_.path()));
        EXPECT_EQ(error_, error);
        EXPECT_EQ(outcome(), "created");
    }
}

TEST_F(watching, tells_why_it_cannot_be_watched) {
    for (const int error : {EACCES, ENOENT, ENOMEM, ENOSPC, ENAMETOOLONG, ENOTDIR, ELOOP, EPERM}) {
        const failing_calls failing(system_call::inotify_add_watch, {.error = error});
        EXPECT_THAT(outcome(), HasSubstr("watch " + folder_.path()));
        EXPECT_EQ(error_, error);
        EXPECT_EQ(outcome(), "created");
    }
}

TEST_F(watching, tells_why_events_cannot_be_read) {
    for (const int error : {EIO, EBADF, EINVAL, ENOMEM}) {
        const failing_calls failing(system_call::read, {.error = error});
        EXPECT_THAT(outcome(), HasSubstr("watch " + folder_.path()));
        EXPECT_EQ(error_, error);
        EXPECT_EQ(outcome(), "created");
    }
}

TEST_F(watching, reads_again_what_was_interrupted_and_waits_where_nothing_was_there) {
    for (const int error : {EINTR, EAGAIN}) {
        const failing_calls failing(system_call::read, {.error = error, .times = 3});
        EXPECT_EQ(outcome(), "created");
        EXPECT_EQ(failing.failed(), 3);
    }
}

TEST_F(watching, tells_why_events_cannot_be_waited_for) {
    for (const bool at_submit : {false, true}) {
        for (const int error : {ENOMEM, ENOSPC, EPERM, EBADF, EBUSY, ELOOP}) {
            const failing_calls failing(system_call::read, {.error = EAGAIN});  // so that it waits
            const std::string said = outcome({.error = error, .at_submit = at_submit});
            EXPECT_EQ(error_, error);
            EXPECT_THAT(said, HasSubstr("watch " + folder_.path()));
            EXPECT_EQ(outcome(), "created");
        }
    }
}

TEST_F(watching, a_move_of_which_the_second_half_cannot_be_had_is_told_as_far_as_it_is_known) {
    std::ofstream(folder_ / "a") << "";
    auto b = std::make_unique<faulty_backend>(weft::make_backend());
    b->decide = [left = 1](weft::opcode c, weft::native_handle) mutable {
        return c == weft::opcode::poll && left-- > 0 ? fate{.error = ENOMEM} : fate();
    };
    weft::event_loop loop(std::move(b));
    loop.run_until_complete([](const temporary_folder& folder) -> weft::task<> {
        const temporary_folder elsewhere;
        auto events = weft::watch(folder.path(), {.attributes = false});
        std::filesystem::rename(folder / "a", elsewhere / "a");
        auto e = co_await events.next();
        EXPECT_EQ(e->kind, weft::file_event::kind_of::moved_away);
        EXPECT_EQ(e->name, "a");
        std::ofstream(folder / "b") << "";
        e = co_await events.next();
        EXPECT_EQ(e->kind, weft::file_event::kind_of::created);
    }(folder_));
}

}  // namespace
