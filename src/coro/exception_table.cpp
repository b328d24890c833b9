// SPDX-License-Identifier: Apache-2.0
#include "coro/exception_table.hpp"

#include <pthread.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <new>
#include <utility>

namespace weft::inline v0 {

/// Never destroyed: exceptions may go after everything static has gone.
exception_table& exception_table::instance() noexcept {
    alignas(exception_table) static std::byte place[sizeof(exception_table)];
    static auto* const table = ::new (place) exception_table;
    return *table;
}

/// A child gets a lock that nobody holds, whatever other threads did at the fork.
exception_table::exception_table() noexcept {
    (void)::pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                           [] { instance().mutex_.unlock(); });
}

/// In place of the destructor of an exception that is known: nobody has it any more.
void exception_table::forget(void* object) noexcept {
    exception_table& table = instance();
    std::unique_lock lock(table.mutex_);
    const auto node = table.entries_.extract(object);
    if (node.mapped().is_linked()) {
        node.mapped().unlink();
        --table.paths_;
    }
    table.shrink();
    lock.unlock();
    if (node.mapped().destructor) node.mapped().destructor(object);
}

/// When a burst is over, of a million tasks cancelled together, say, its buckets go too.
void exception_table::shrink() noexcept {
    if (entries_.bucket_count() <= 4 * most_paths || entries_.size() > most_paths) return;
    try {
        entries_.rehash(2 * most_paths);
    } catch (const std::bad_alloc&) {  // the next to go tries again
    }
}

exception_table::entry* exception_table::find(const void* object) {
    const auto found = entries_.find(object);
    return found == entries_.end() ? nullptr : &found->second;
}

/// @return null on an unknown C++ runtime
exception_table::entry* exception_table::enter(void* object, const std::type_info* type) {
    if (entry* const known = find(object)) return known;
    object_destructor* const destructor = destructor_of(object, type);
    if (!destructor) return nullptr;
    entry& e = entries_[object];
    e.destructor = std::exchange(*destructor, forget);
    return &e;
}

/// It has been added to; the one that was not for the longest time loses its path.
void exception_table::touch(entry& e) noexcept {
    if (e.is_linked()) {
        e.unlink();
    } else {
        ++paths_;
    }
    with_path_.push_back(e);
    if (paths_ <= most_paths) return;
    entry& oldest = with_path_.pop_front();
    --paths_;
    oldest.path = exception_path();
    oldest.kept = std::vector<kept_path>();
}

void exception_table::add_coroutine(void* object, const std::type_info* type,
                                    const std::source_location& where) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        if (entry* const e = enter(object, type)) {
            touch(*e);
            e->path.add_coroutine(where);
        }
    } catch (const std::bad_alloc&) {
    }
}

void exception_table::add_call(const void* object, const std::source_location& where) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        if (entry* const e = find(object)) {
            touch(*e);
            e->path.add_call(where);
        }
    } catch (const std::bad_alloc&) {
    }
}

void exception_table::add_functions(const void* object, std::span<void* const> addresses) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        if (entry* const e = find(object)) {
            for (void* const address : addresses) e->path.add_function(address);
        }
    } catch (const std::bad_alloc&) {
    }
}

void exception_table::keep(void* object, const std::type_info* type, const void* owner) noexcept {
    const std::lock_guard lock(mutex_);
    try {
        entry* const e = type ? enter(object, type) : find(object);
        if (!e) return;
        touch(*e);
        std::erase_if(e->kept, [&](const kept_path& k) { return k.owner == owner; });
        if (e->kept.size() == most_kept) e->kept.erase(e->kept.begin());
        e->kept.push_back({owner, e->path});
    } catch (const std::bad_alloc&) {
    }
}

bool exception_table::restore(const void* object, const void* owner) noexcept {
    const std::lock_guard lock(mutex_);
    entry* const e = find(object);
    if (!e) return false;
    const auto kept = std::ranges::find(e->kept, owner, &kept_path::owner);
    if (kept == e->kept.end()) return false;
    try {
        e->path = kept->path;
    } catch (const std::bad_alloc&) {
    }
    return true;
}

bool exception_table::knows(const void* object) const {
    const std::lock_guard lock(mutex_);
    return entries_.contains(object);
}

exception_path exception_table::path(const void* object) const {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(object);
    return found == entries_.end() ? exception_path() : found->second.path;
}

void exception_table::set_path(const void* object, exception_path path) noexcept {
    const std::lock_guard lock(mutex_);
    if (entry* const e = find(object)) std::swap(e->path, path);
}

std::size_t exception_table::size() const {
    const std::lock_guard lock(mutex_);
    return entries_.size();
}

}  // namespace weft::inline v0
