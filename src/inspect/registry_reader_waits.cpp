// SPDX-License-Identifier: Apache-2.0
#include "inspect/registry_reader.hpp"
#include "inspect/seen_task.hpp"

#include <poll.h>

#include <algorithm>

// What a task waits for, as its wait_subject says (see loop/wait_subject.hpp).

namespace weft::inline v0 {

namespace {

constexpr std::size_t longest_text = 4096, most_children = 1 << 20, most_branches = 64, most_descriptors = 8;

}  // namespace

const registry_reader::seen_wait_kind& registry_reader::wait_kind_at(std::uint64_t address) {
    const auto [at, is_new] = wait_kinds_.try_emplace(address);
    if (is_new) {
        if (const auto name = memory_.read<std::uint64_t>(address + layout_.wait_kind_name))
            at->second.name = memory_.read_text(*name, 128);
        at->second.subject = memory_.read<wait_subject>(address + layout_.wait_kind_subject).value_or(wait_subject{});
    }
    return at->second;
}

void registry_reader::ask_wait(const wait_in_sight& w, bool is_branch) {
    ask<std::uint64_t>(*w.task, w.waiter + layout_.waiter_kind, [this, w, is_branch](std::uint64_t kind) {
        const seen_wait_kind& known = wait_kind_at(kind);
        w.wait->kind = known.name;
        ask_subject(w, known.subject, is_branch);
    });
}

void registry_reader::ask_subject(const wait_in_sight& w, const wait_subject& subject, bool is_branch) {
    using enum wait_subject::thing;
    wait_snapshot* const wait = w.wait;
    const std::uint64_t first = w.waiter + subject.at[0];
    const auto pointer = [&](auto then) { ask<std::uint64_t>(*w.task, first, then); };
    switch (subject.what) {
        case unknown: return;
        case deadline:
            return ask<std::int64_t>(
                *w.task, first, [now = loop_now_, wait](std::int64_t when) { wait->ends_in = difference(when, now); });
        case future: return pointer([this, w](std::uint64_t f) { ask_future(w, f); });
        case hooks: return ask_hooks(w, first, subject.at[1]);
        case some_hooks:
            ask<std::int32_t>(*w.task, w.waiter + subject.at[2],
                              [wait](std::int32_t when) { wait->one_is_enough = when != 2; });
            ask<std::uint8_t>(*w.task, w.waiter + subject.at[3],
                              [wait](std::uint8_t ends) { wait->may_end_otherwise |= ends != 0; });
            return ask_hooks(w, first, subject.at[1]);
        case owned_hooks:
            wait->one_is_enough = true;
            return pointer(
                [this, w, subject](std::uint64_t owner) { ask_hooks(w, owner + subject.at[1], subject.at[2]); });
        case group:
            return pointer([this, w, subject](std::uint64_t g) {
                const std::uint64_t head = g + subject.at[1];
                ask<std::uint64_t>(*w.task, head + layout_.list_first, [this, w, head, subject](std::uint64_t node) {
                    ask_member(w, node, {.head = head}, subject);
                });
            });
        case branches:
            if (is_branch || subject.at[1] > most_branches) return;  // there is no select within a select
            wait->branches.resize(subject.at[1]);
            for (std::size_t i = 0; i < wait->branches.size(); ++i) {
                ask<std::uint64_t>(*w.task, first + i * sizeof(std::uint64_t),
                                   [this, w, branch = &wait->branches[i]](std::uint64_t waiter) {
                                       ask_wait({w.task, branch, waiter}, true);
                                   });
            }
            return;
        case lock:
            return pointer([this, w, subject](std::uint64_t l) {
                w.wait->lock = l;
                holder_in_lock_ = subject.at[1];
                ask<std::uint64_t>(*w.task, l + subject.at[1], [w](std::uint64_t id) { w.wait->lock_holder = id; });
                ask<std::uint32_t>(*w.task, l + subject.at[2],
                                   [this, w](std::uint32_t tick) { w.wait->lock_held_for = since(tick); });
            });
        case peer: return pointer([this, w, subject](std::uint64_t stream) { ask_peer(w, stream, subject); });
        case text:
            return pointer([this, w](std::uint64_t s) {
                ask_string(*w.task, s, [w](std::string text) { w.wait->of = std::move(text); });
            });
        case descriptors:
            return pointer([this, w, subject](std::uint64_t array) {
                ask<std::uint64_t>(*w.task, w.waiter + subject.at[1],
                                   [this, w, array](std::uint64_t count) { ask_descriptors(w, array, count); });
            });
        case child:
            return pointer([this, w, subject](std::uint64_t c) {
                ask<std::int32_t>(*w.task, c + subject.at[1],
                                  [w](std::int32_t pid) { w.wait->of = "pid " + std::to_string(pid); });
            });
    }
}

void registry_reader::ask_peer(const wait_in_sight& w, std::uint64_t stream, const wait_subject& subject) {
    if (!stream) return;
    ask<std::uint64_t>(*w.task, stream + subject.at[3], [this, w](std::uint64_t name) {
        if (w.wait->of.empty() && name) w.wait->of = memory_.read_text(name, 64);
    });
    ask_string(*w.task, stream + subject.at[1], [this, w, port_at = stream + subject.at[2]](std::string host) {
        ask<std::uint16_t>(*w.task, port_at, [w, host = std::move(host)](std::uint16_t port) {
            const bool is_ipv6 = host.contains(':');
            w.wait->of = (is_ipv6 ? "[" + host + "]" : host) + (port ? ":" + std::to_string(port) : "");
        });
    });
}

void registry_reader::ask_descriptors(const wait_in_sight& w, std::uint64_t array, std::uint64_t count) {
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, most_descriptors); ++i) {
        ask<std::int32_t>(*w.task, array + i * sizeof(pollfd) + offsetof(pollfd, fd), [w](std::int32_t fd) {
            if (fd >= 0) w.wait->of += (w.wait->of.empty() ? "fd " : ", ") + std::to_string(fd);
        });
    }
}

/// The future's address stands for its task until all tasks are known.
void registry_reader::ask_future(const wait_in_sight& w, std::uint64_t future) {
    if (!future) return;
    w.wait->tasks.push_back(future);
    const std::size_t bytes = std::size_t(1) + std::max(layout_.future_status, layout_.future_made_by);
    rounds_.ask(future, bytes, nullptr, [this, future](const std::byte* raw) {
        const bool is_pending = value_at<std::uint8_t>(raw, layout_.future_status) == 0;
        const auto made_by = value_at<std::uint8_t>(raw, layout_.future_made_by);
        futures_[future] = !is_pending    ? future_state::done
                           : made_by == 1 ? future_state::of_a_task
                           : made_by == 2 ? future_state::of_a_destroyed_task
                                          : future_state::of_nobody;
    });
    // What is noted of it is its state alone: others come and go in its list of those who listen.
    ask<std::uint8_t>(*w.task, future + layout_.future_status, [](std::uint8_t) {});
}

void registry_reader::ask_hooks(const wait_in_sight& w, std::uint64_t vector, std::uint16_t to_future) {
    struct bounds {
        std::uint64_t begin, end, capacity;
    };
    // As one piece: of two moments they could be anything.
    ask<bounds>(*w.task, vector + layout_.vector_begin, [this, w, to_future](const bounds& b) {
        const std::uint64_t bytes = b.end - b.begin;
        if (b.end < b.begin || b.capacity < b.end || bytes % sizeof(std::uint64_t) != 0 ||
            bytes > most_children * sizeof(std::uint64_t))
            return;
        rounds_.ask(b.begin, bytes, &w.task->evidence, [this, w, to_future, bytes](const std::byte* hooks) {
            for (std::size_t at = 0; at < bytes; at += sizeof(std::uint64_t)) {
                ask<std::uint64_t>(*w.task, value_at<std::uint64_t>(hooks, at) + to_future,
                                   [this, w](std::uint64_t f) { ask_future(w, f); });
            }
        });
    });
}

void registry_reader::ask_member(const wait_in_sight& w, std::uint64_t node, list_walk walk,
                                 const wait_subject& subject) {
    if (node == walk.head || !node || node == walk.before || walk.taken == most_children) return;
    if (++walk.taken == walk.moves_at) {
        walk.before = node;
        walk.moves_at *= 2;
    }
    ask<std::uint64_t>(*w.task, node + subject.at[2], [this, w, to_future = subject.at[3]](std::uint64_t notice) {
        ask<std::uint64_t>(*w.task, notice + to_future, [this, w](std::uint64_t f) { ask_future(w, f); });
    });
    ask<std::uint64_t>(*w.task, node + layout_.node_next, [this, w, node, walk, subject](std::uint64_t next) {
        if (next != node) ask_member(w, next, walk, subject);  // one that has left its list points at itself
    });
}

void registry_reader::ask_string(seen_task& t, std::uint64_t string, std::function<void(std::string)> then) {
    struct text_and_size {
        std::uint64_t text, size;
    };
    ask<text_and_size>(t, string + layout_.string_text, [this, &t, then = std::move(then)](const text_and_size& s) {
        if (s.size == 0 || s.size > longest_text) return;
        rounds_.ask(s.text, s.size, &t.evidence, [then, size = s.size](const std::byte* bytes) {
            then(std::string(reinterpret_cast<const char*>(bytes), size));
        });
    });
}

void registry_reader::resolve_futures(wait_snapshot& wait) const {
    std::vector<task_address> tasks;
    for (const std::uint64_t future : wait.tasks) {
        if (const auto known = task_of_future_.find(future); known != task_of_future_.end()) {
            tasks.push_back(known->second);
            continue;
        }
        const auto state = futures_.find(future);
        if (state == futures_.end()) continue;
        // One of a task that is not among them has only just been made, or has just ended.
        if (state->second == future_state::of_nobody) wait.may_end_otherwise = true;
        if (state->second == future_state::of_a_destroyed_task) wait.is_orphaned = true;
    }
    wait.tasks = std::move(tasks);
    for (wait_snapshot& branch : wait.branches) resolve_futures(branch);
}

/// Who has locked a lock and is not among the tasks has ended, unless it has only just begun, or has unlocked it since.
void registry_reader::confirm_holders(loop_snapshot& loop) const {
    const auto is_known = [&](std::uint64_t id) {
        return std::ranges::binary_search(loop.tasks, id, {}, &task_snapshot::id);
    };
    const std::uint64_t last = loop.tasks.empty() ? 0 : loop.tasks.back().id;
    const auto confirm = [&](wait_snapshot& w) {
        if (!w.lock || !w.lock_holder || is_known(w.lock_holder)) return;
        const auto now = memory_.read<std::uint64_t>(w.lock + holder_in_lock_);
        if (w.lock_holder > last || now != w.lock_holder) w.lock_holder = 0;
    };
    for (task_snapshot& t : loop.tasks) {
        confirm(t.wait);
        for (wait_snapshot& branch : t.wait.branches) confirm(branch);
    }
}

}  // namespace weft::inline v0
