// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "coro/exception_path.hpp"
#include "coro/thrown_object.hpp"

#include <weft/base/intrusive_list.hpp>

#include <cstddef>
#include <mutex>
#include <source_location>
#include <span>
#include <typeinfo>
#include <unordered_map>
#include <vector>

namespace weft::inline v0 {

/// The paths of exceptions, by exception object, of the whole process.
///
/// An exception that is entered gets another destructor, which takes it out again and calls its own: the table owns no
/// exception, keeps none alive a moment longer, and has no entry whose address has passed to another. Every call but
/// `path()` is made with a reference to the exception in hand.
/// @thread any: one lock, held for no longer than an entry takes, but while the buckets become more or fewer
class exception_table {
public:
    static exception_table& instance() noexcept;

    /// The exception leaves a coroutine that stands at `where`. @param type  of the object, as the runtime has it
    void add_coroutine(void* object, const std::type_info* type, const std::source_location& where) noexcept;
    /// Likewise for a call, if it is known.
    void add_call(const void* object, const std::source_location& where) noexcept;

    /// Likewise for functions on a fiber's stack, by where they go on: the innermost first.
    void add_functions(const void* object, std::span<void* const> addresses) noexcept;

    /// As keep_trace() and restore_trace(). @param type  null: it is not entered
    void keep(void* object, const std::type_info* type, const void* owner) noexcept;
    bool restore(const void* object, const void* owner) noexcept;

    bool knows(const void* object) const;

    /// Empty if it is not known. @throws std::bad_alloc
    exception_path path(const void* object) const;
    void set_path(const void* object, exception_path path) noexcept;

    /// How many exceptions are known.
    std::size_t size() const;

    /// Of so many the paths are kept, of those that were added to last; and of each so many that futures have kept.
    static constexpr std::size_t most_paths = 1024, most_kept = 4;

private:
    struct kept_path {
        const void* owner;
        exception_path path;
    };
    struct entry : list_node {
        object_destructor destructor = nullptr;  // the object's own
        exception_path path;
        std::vector<kept_path> kept;  // the oldest first
    };

    exception_table() noexcept;
    static void forget(void* object) noexcept;
    void shrink() noexcept;
    entry* find(const void* object);
    entry* enter(void* object, const std::type_info* type);
    void touch(entry& e) noexcept;

    mutable std::mutex mutex_;
    std::unordered_map<const void*, entry> entries_;
    intrusive_list<entry> with_path_;  // who was added to last, last
    std::size_t paths_ = 0;  // so many are there
};

}  // namespace weft::inline v0
