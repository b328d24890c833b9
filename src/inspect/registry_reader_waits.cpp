// SPDX-License-Identifier: Apache-2.0
#include "inspect/registry_reader.hpp"
#include "inspect/seen_task.hpp"

#include <memory>

// What a task waits for, as its wait_subject says (see loop/wait_subject.hpp).

namespace weft::inline v0 {

namespace {

constexpr std::size_t most_text = 4096, most_children = 1 << 20;

}  // namespace

const registry_reader::seen_wait_kind& registry_reader::wait_kind_at(std::uint64_t address) {
    const auto [at, is_new] = wait_kinds_.try_emplace(address);
    if (is_new) {
        if (const auto name = memory_.read<std::uint64_t>(address + layout_.wait_kind_name)) {
            at->second.name = memory_.read_text(*name, 128);
        }
        at->second.subject = memory_.read<wait_subject>(address + layout_.wait_kind_subject).value_or(wait_subject{});
    }
    return at->second;
}

void registry_reader::on_waiter(seen_task& t, std::uint64_t waiter, wait_snapshot& wait) {
    rounds_.ask<std::uint64_t>(waiter + layout_.waiter_kind, [this, &t, waiter, &wait](std::uint64_t kind) {
        const seen_wait_kind& known = wait_kind_at(kind);
        wait.kind = known.name;
        on_subject(t, waiter, known.subject, wait);
    });
}

void registry_reader::on_subject(seen_task& t, std::uint64_t waiter, const wait_subject& subject, wait_snapshot& wait) {
    using enum wait_subject::thing;
    const auto at = std::to_array(subject.at);
    const auto pointer = [&](auto then) { rounds_.ask<std::uint64_t>(waiter + at[0], then); };
    switch (subject.what) {
        case unknown: return;
        case deadline:
            return rounds_.ask<std::int64_t>(
                waiter + at[0], [now = loop_now_, &wait](std::int64_t when) { wait.ends_in = when - now; });
        case future: return pointer([this, &wait](std::uint64_t f) { ask_future(wait, f); });
        case hooks: return ask_hooks(wait, waiter + at[0], at[1]);
        case owned_hooks:
            return pointer([this, at, &wait](std::uint64_t owner) { ask_hooks(wait, owner + at[1], at[2]); });
        case group:
            return pointer([this, subject, &wait](std::uint64_t g) {
                const std::uint64_t head = g + subject.at[1];
                rounds_.ask<std::uint64_t>(head + layout_.list_first,
                                           [this, head, subject, &wait](std::uint64_t first) {
                                               ask_member(wait, first, head, subject, most_children);
                                           });
            });
        case branches:
            wait.branches.resize(at[1]);
            for (std::size_t i = 0; i < at[1]; ++i) {
                rounds_.ask<std::uint64_t>(
                    waiter + at[0] + i * sizeof(std::uint64_t),
                    [this, &t, &branch = wait.branches[i]](std::uint64_t w) { on_waiter(t, w, branch); });
            }
            return;
        case lock:
            return pointer([this, at, &wait](std::uint64_t l) {
                wait.lock = l;
                rounds_.ask<std::uint64_t>(l + at[1], [&wait](std::uint64_t id) { wait.lock_holder = id; });
                rounds_.ask<std::uint32_t>(l + at[2], [now = loop_now_, &wait](std::uint32_t since) {
                    const auto tick =
                        static_cast<std::uint32_t>(static_cast<std::uint64_t>(now) >> task_registry::tick_bits);
                    wait.lock_held_for = static_cast<std::int64_t>(tick - since) << task_registry::tick_bits;
                });
            });
        case peer:
            return pointer([this, at, &wait](std::uint64_t stream) {
                if (!stream) return;
                rounds_.ask<std::uint64_t>(stream + at[3], [this, &wait](std::uint64_t name) {
                    if (wait.of.empty() && name) wait.of = memory_.read_text(name, 64);
                });
                ask_string(stream + at[1], [this, stream, at, &wait](std::string host) {
                    if (host.empty()) return;
                    rounds_.ask<std::uint16_t>(stream + at[2], [&wait, host](std::uint16_t port) {
                        wait.of = (host.find(':') != host.npos ? "[" + host + "]" : host) +
                                  (port ? ":" + std::to_string(port) : "");
                    });
                });
            });
        case text:
            return pointer([this, &wait](std::uint64_t s) {
                ask_string(s, [&wait](std::string text) { wait.of = std::move(text); });
            });
        case child:
            return pointer([this, at, &wait](std::uint64_t c) {
                rounds_.ask<std::int32_t>(c + at[1],
                                          [&wait](std::int32_t pid) { wait.of = "pid " + std::to_string(pid); });
            });
    }
}

/// The future's address stands for its task until all tasks are known.
void registry_reader::ask_future(wait_snapshot& wait, std::uint64_t future) {
    if (!future) return;
    wait.tasks.push_back(future);
    const std::size_t bytes = std::size_t(1) + std::max(layout_.future_status, layout_.future_is_task);
    rounds_.ask(future, bytes, [this, future](const std::byte* raw) {
        const bool is_pending = value_at<std::uint8_t>(raw, layout_.future_status) == 0;
        if (is_pending && value_at<std::uint8_t>(raw, layout_.future_is_task)) pending_task_futures_.insert(future);
    });
}

void registry_reader::ask_hooks(wait_snapshot& wait, std::uint64_t vector, std::uint16_t to_future) {
    rounds_.ask<std::uint64_t>(vector + layout_.vector_begin, [this, vector, to_future, &wait](std::uint64_t begin) {
        rounds_.ask<std::uint64_t>(vector + layout_.vector_end, [this, begin, to_future, &wait](std::uint64_t end) {
            if (end < begin || end - begin > most_children * sizeof(std::uint64_t)) return;
            for (std::uint64_t hook = begin; hook < end; hook += sizeof(std::uint64_t)) {
                rounds_.ask<std::uint64_t>(hook, [this, to_future, &wait](std::uint64_t notice) {
                    rounds_.ask<std::uint64_t>(notice + to_future,
                                               [this, &wait](std::uint64_t f) { ask_future(wait, f); });
                });
            }
        });
    });
}

void registry_reader::ask_member(wait_snapshot& wait, std::uint64_t node, std::uint64_t head,
                                 const wait_subject& subject, std::size_t left) {
    if (node == head || !node || left == 0) return;
    rounds_.ask<std::uint64_t>(node + subject.at[2], [this, to_future = subject.at[3], &wait](std::uint64_t notice) {
        rounds_.ask<std::uint64_t>(notice + to_future, [this, &wait](std::uint64_t f) { ask_future(wait, f); });
    });
    rounds_.ask<std::uint64_t>(node + layout_.node_next, [this, head, subject, left, &wait](std::uint64_t next) {
        ask_member(wait, next, head, subject, left - 1);
    });
}

void registry_reader::ask_string(std::uint64_t string, std::function<void(std::string)> then) {
    rounds_.ask<std::uint64_t>(
        string + layout_.string_size, [this, string, then = std::move(then)](std::uint64_t size) {
            if (size == 0 || size > most_text) return;
            rounds_.ask<std::uint64_t>(string + layout_.string_text, [this, size, then](std::uint64_t text) {
                rounds_.ask(text, size, [then, size](const std::byte* bytes) {
                    then(std::string(reinterpret_cast<const char*>(bytes), size));
                });
            });
        });
}

void registry_reader::resolve_futures(wait_snapshot& wait) {
    std::vector<task_address> tasks;
    for (const std::uint64_t future : wait.tasks) {
        if (const auto known = task_of_future_.find(future); known != task_of_future_.end()) {
            tasks.push_back(known->second);
        } else if (pending_task_futures_.contains(future)) {
            wait.is_orphaned = true;
        }
    }
    wait.tasks = std::move(tasks);
    for (wait_snapshot& branch : wait.branches) resolve_futures(branch);
}

}  // namespace weft::inline v0
