// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/async_generator.hpp>

#include <string>

namespace weft::inline v0 {

/// What happened to a watched file, or in a watched directory.
struct file_event {
    enum class kind_of {
        created,     ///< `name` is there
        modified,    ///< something was written to it, or it was cut
        closed,      ///< it was closed by somebody who could write to it: what it says is whole
        attributes,  ///< its permissions, times, owner or number of names have changed
        moved,       ///< within the directory, from `name` to `to`; what was there under that name before is gone
        moved_away,  ///< out of the directory; without a name: the watched path itself, and watching goes on
        moved_here,  ///< into the directory from elsewhere
        removed,     ///< without a name: the watched path itself, and nothing follows
        overflow,    ///< more happened than the kernel keeps, and some of it was dropped: look at everything anew
    };
    kind_of kind;
    std::string name = {};  ///< within the directory; empty: the watched path itself
    std::string to = {};    ///< moved: the new name
    bool is_directory = false;
};
/// "created", "moved", …
const char* to_string(file_event::kind_of kind) noexcept;

struct watch_options {
    /// Tell of changes of permissions, times and the like, too.
    bool attributes = true;
    /// If `path` is a symbolic link: watch what it leads to.
    bool follow_link = true;
};

/// Watches a file, or what is directly in a directory, not in those within it.
///
///     auto events = watch("/etc");
///     while (auto e = co_await events.next()) std::printf("%s %s\n", to_string(e->kind), e->name.c_str());
///
/// Watching begins at the call. What happens between two next() is kept by the kernel (some 16 000 events), and the same
/// thing happening again and again is told once. An event says that it happened: by the time it is read the file may be
/// gone again.
///
/// A file is the file, not its name. Who saves by writing another file and renaming it, as editors do, removes the one that
/// was watched: to follow a name, watch its directory. A file without a name is removed when nobody has it open any more;
/// until then its attributes have changed.
/// @throws std::invalid_argument  a path with a NUL in it; std::system_error naming the path (no_such_file_or_directory, permission_denied, no_space_on_device: no more
///     watches for this user, too_many_files_open: no more watchers)
/// @throws awaited: cancelled_error
/// @cancel no event is lost to those that were read: the generator has finished   @thread the loop's
/// @cost a descriptor; inotify_add_watch(2) looks the path up at the call, on this thread   @see inotify(7)
async_generator<file_event> watch(const std::string& path, watch_options options = {});

}  // namespace weft::inline v0
