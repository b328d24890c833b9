// SPDX-License-Identifier: Apache-2.0
#include <weft/io/watch.hpp>

#include "io/readable.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/flow/select.hpp>
#include <weft/flow/sleep.hpp>

#include <sys/inotify.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

namespace {

using enum file_event::kind_of;

/// How long the second half of a move may be behind the first. The kernel makes them one right after the other, if the move
/// ends in the watched directory as well; but somebody may read between them.
constexpr auto patience = std::chrono::milliseconds(2);

/// What inotify tells, one by one.
class event_queue {
public:
    event_queue(unique_fd fd, std::string name) noexcept : fd_(std::move(fd)), name_(std::move(name)) {}

    /// There may be a next one.
    readable_awaiter readable() const noexcept { return readable_awaiter(fd_.get(), name_); }

    /// The next one; null if the kernel has none now. Valid until the one after it is asked for.
    const inotify_event* peek() {
        if (next_ == end_) fill();
        return next_ == end_ ? nullptr : reinterpret_cast<const inotify_event*>(buffer_.data() + next_);
    }
    void drop() { next_ += sizeof(inotify_event) + peek()->len; }

private:
    void fill() {
        for (;;) {
            const auto count = ::read(fd_.get(), buffer_.data(), buffer_.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0 && errno != EAGAIN) throw std::system_error(errno, std::generic_category(), name_);
            next_ = 0;
            end_ = count < 0 ? 0 : static_cast<std::size_t>(count);
            return;
        }
    }

    unique_fd fd_;
    const std::string name_;  // for messages
    alignas(inotify_event) std::array<char, 4096> buffer_;
    std::size_t next_ = 0, end_ = 0;
};

file_event::kind_of kind_of_mask(std::uint32_t mask) noexcept {
    if (mask & IN_Q_OVERFLOW) return overflow;
    if (mask & IN_CREATE) return created;
    if (mask & IN_MODIFY) return modified;
    if (mask & IN_CLOSE_WRITE) return closed;
    if (mask & IN_ATTRIB) return attributes;
    if (mask & (IN_MOVED_FROM | IN_MOVE_SELF)) return moved_away;
    if (mask & IN_MOVED_TO) return moved_here;
    return removed;
}

/// The other half of a move, if that is what comes next.
const inotify_event* second_half(event_queue& q, std::uint32_t cookie) {
    const inotify_event* const e = q.peek();
    return e && e->mask & IN_MOVED_TO && e->cookie == cookie ? e : nullptr;
}

async_generator<file_event> events_of(unique_fd fd, std::string name) {
    event_queue q(std::move(fd), std::move(name));
    for (;;) {
        const inotify_event* e = q.peek();
        if (!e) {
            co_await q.readable();
            continue;
        }
        if (e->mask & IN_IGNORED) co_return;  // the watch is gone, and what ended it has been told
        file_event event{.kind = kind_of_mask(e->mask),
                         .name = e->len ? std::string(e->name) : std::string(),
                         .is_directory = (e->mask & IN_ISDIR) != 0};
        const std::uint32_t cookie = e->mask & IN_MOVED_FROM ? e->cookie : 0;
        q.drop();
        if (cookie) {
            try {
                if (!q.peek()) co_await select(q.readable(), sleep(patience));
                if (const inotify_event* const arrived = second_half(q, cookie)) {
                    event.kind = moved;
                    event.to = arrived->name;
                    q.drop();
                }
            } catch (const std::system_error&) {  // told to who asks for the next, if it lasts: this half is not lost
            }
        }
        co_yield std::move(event);
    }
}

}  // namespace

const char* to_string(file_event::kind_of kind) noexcept {
    switch (kind) {
        case created: return "created";
        case modified: return "modified";
        case closed: return "closed";
        case attributes: return "attributes";
        case moved: return "moved";
        case moved_away: return "moved away";
        case moved_here: return "moved here";
        case removed: return "removed";
        case overflow: return "overflow";
    }
    return "?";
}

async_generator<file_event> watch(const std::string& path, watch_options options) {
    if (path.contains('\0')) throw std::invalid_argument("watch: the path has a NUL in it");
    std::string name = "watch " + path;
    unique_fd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (!fd) throw std::system_error(errno, std::generic_category(), name);
    std::uint32_t mask = IN_CREATE | IN_DELETE | IN_DELETE_SELF | IN_MODIFY | IN_CLOSE_WRITE | IN_MOVE | IN_MOVE_SELF;
    if (options.attributes) mask |= IN_ATTRIB;
    if (!options.follow_link) mask |= IN_DONT_FOLLOW;
    if (::inotify_add_watch(fd.get(), path.c_str(), mask) < 0)
        throw std::system_error(errno, std::generic_category(), name);
    return events_of(std::move(fd), std::move(name));
}

}  // namespace weft::inline v0
