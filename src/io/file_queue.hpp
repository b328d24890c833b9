// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/byte_buffer.hpp"
#include "io/file_sender.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>

namespace weft::inline v0 {

/// Files that are pieces of an output: the first behind what is written to a buffer of the output's own, each with what is
/// between it and the next. Those that were given up are only kept for what the layer has of the first.
class file_queue {
public:
    file_queue() = default;
    file_queue(const file_queue&) = delete;
    file_queue& operator=(const file_queue&) = delete;
    ~file_queue() { clear(); }

    bool empty() const noexcept { return !first_; }
    file_sender& first() noexcept { return *first_; }
    bool is_given_up() const noexcept { return first_ && first_->is_stopped(); }
    /// The layer's on_sent() is the first file's.
    bool is_sending() const noexcept { return first_ && first_->is_started() && !first_->is_stopped(); }

    /// @throws std::bad_alloc  nobody is told then
    void add(event_loop& loop, send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count) {
        auto added = std::make_unique<file_sender>(loop, who, std::move(file), offset, count);
        file_sender* const before = last();
        (before ? before->next : first_) = std::move(added);
    }
    /// What is written goes there; `front` if there is no file.
    byte_buffer& end_of_output(byte_buffer& front) noexcept { return empty() ? front : last()->behind; }

    /// What was written behind the files.
    std::size_t unsent() const noexcept {
        std::size_t all = 0;
        for (file_sender* f = first_.get(); f; f = f->next.get()) all += f->behind.size();
        return all;
    }
    /// With the files.
    std::uint64_t unsent_bytes() const noexcept {
        std::uint64_t all = 0;
        for (file_sender* f = first_.get(); f; f = f->next.get()) all += f->left() + f->behind.size();
        return all;
    }

    /// The first is over, without an error or alone: what is behind it is the front.
    void drop_first(byte_buffer& front, const std::exception_ptr& error) noexcept {
        const std::unique_ptr<file_sender> over = std::move(first_);
        first_ = std::move(over->next);
        front.swap(over->behind);
        over->tell(error);
    }
    /// Nothing of them is sent any more. They stay, for the layer may be sending from the memory of the first.
    /// @return the first was being sent, and no on_sent() of the layer's follows
    bool give_up(const std::exception_ptr& why) noexcept {
        const bool was_sending = is_sending();
        bool is_awaited = false;
        for (file_sender* f = first_.get(); f; f = f->next.get()) {
            is_awaited |= f->stop();
            f->tell(why);
        }
        return was_sending && !is_awaited;
    }
    void clear() noexcept {
        while (first_) first_ = std::move(first_->next);
    }

private:
    file_sender* last() const noexcept {
        file_sender* f = first_.get();
        while (f && f->next) f = f->next.get();
        return f;
    }

    std::unique_ptr<file_sender> first_;  // each has the next: one pointer in each of many streams
};

}  // namespace weft::inline v0
