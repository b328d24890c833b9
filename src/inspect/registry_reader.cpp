// SPDX-License-Identifier: Apache-2.0
#include "inspect/registry_reader.hpp"
#include "inspect/seen_task.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace weft::inline v0 {

namespace {

constexpr int most_looks = 4;  // at a task that never is still
constexpr std::size_t most_loops = 4096;
constexpr std::size_t most_pages = 1 << 14;  // of 339 tasks, in all loops
constexpr std::size_t most_text = std::size_t(1) << 30;
constexpr unsigned most_stacks = 64;  // of fibers that wait for one another's values
constexpr std::uint16_t farthest = 4096;  // that anything of interest lies in an object

}  // namespace

registry_reader::registry_reader(const target_memory& memory, std::uint64_t head, std::optional<std::int64_t> now,
                                 const snapshot_options& options)
    : memory_(memory), now_(now), options_(options), rounds_(memory) {
    static_assert(offsetof(registry_head, roots) == 24 && offsetof(registry_head, layout) == 40);
    constexpr std::size_t head_bytes = offsetof(registry_head, fibers);  // which not all have
    const std::string bytes = memory.read_bytes(head, head_bytes);
    if (bytes.size() != head_bytes || !bytes.starts_with(std::string_view("weftreg\0", 8)))
        throw std::runtime_error("what should be weft's registry of tasks is none");
    const auto* const raw = reinterpret_cast<const std::byte*>(bytes.data());
    const auto version = value_at<std::uint32_t>(raw, offsetof(registry_head, version));
    if (version != 2 ||
        value_at<std::uint32_t>(raw, offsetof(registry_head, page_capacity)) != registry_page::capacity) {
        throw std::runtime_error("its registry of tasks has layout version " + std::to_string(version) +
                                 ", and this reads version 2: use the weft command of the program's weft");
    }
    roots_ = value_at<std::uint64_t>(raw, offsetof(registry_head, roots));
    const auto known =
        std::min<std::size_t>(sizeof layout_, value_at<std::uint32_t>(raw, offsetof(registry_head, layout_bytes)));
    const std::string layout = memory.read_bytes(value_at<std::uint64_t>(raw, offsetof(registry_head, layout)), known);
    if (layout.size() != known) throw std::runtime_error("the layout of its registry of tasks cannot be read");
    std::uint16_t distances[sizeof layout_ / sizeof(std::uint16_t)] = {};
    std::memcpy(distances, layout.data(), known);
    if (std::ranges::max(distances) > farthest)
        throw std::runtime_error("the layout of its registry of tasks is damaged: its memory has been overwritten");
    std::memcpy(&layout_, distances, sizeof layout_);
    const registry_layout& l = layout_;
    task_bytes_ = std::size_t(8) + std::max({l.task_kind, l.task_is_queued, l.task_waiting_at, l.task_suspended_since,
                                             l.task_id_or_extras, l.task_resume_point});
    if (const auto at = l.head_fibers ? memory.read<std::uint64_t>(head + l.head_fibers) : std::nullopt; at && *at)
        fibers_ = memory.read<fiber_layout>(*at);
    promise_bytes_ =
        std::size_t(8) + std::max({l.promise_execution, l.promise_awaited, l.promise_created_at, l.promise_where});
}

void registry_reader::read_loops(std::vector<loop_snapshot>& loops) {
    const std::size_t first = loops.size();
    std::unordered_set<std::uint64_t> seen;
    for (std::uint64_t at = roots_; at && seen.size() < most_loops && seen.insert(at).second;) {
        const auto root = memory_.read<raw_root>(at);
        if (!root) break;
        if (root->loop) {
            loop_snapshot& loop = loops.emplace_back();
            loop.address = root->loop;
            loop.is_virtual = root->is_virtual != 0;
            loop.backend = memory_.read_text(root->backend, 64);
            loop_now_ = loop.is_virtual || !now_ ? root->time : std::max(*now_, root->time);
            read_tasks(at, loop);
        }
        at = root->next;
    }
    for (std::size_t i = first; i < loops.size(); ++i) {
        for (task_snapshot& t : loops[i].tasks) resolve_futures(t.wait);
        confirm_holders(loops[i]);
    }
}

void registry_reader::read_tasks(std::uint64_t root_at, loop_snapshot& loop) {
    std::deque<seen_task> tasks;
    const auto pages = memory_.read<std::uint64_t>(root_at + offsetof(raw_root, pages));
    find_tasks(root_at, pages.value_or(0), tasks);
    for (seen_task& t : tasks) look_at(t);
    rounds_.run();
    look_again(tasks);
    // Those that came meanwhile may be what others wait for by now.
    const std::size_t first_new = tasks.size();
    find_tasks(root_at, pages.value_or(0), tasks);
    for (std::size_t i = first_new; i < tasks.size(); ++i) {
        look_at(tasks[i]);
        tasks[i].is_torn = true;
    }
    rounds_.run();
    for (std::size_t i = first_new; i < tasks.size(); ++i) drop_if_gone(tasks[i]);
    rounds_.run();
    const auto root = memory_.read<raw_root>(root_at);
    if (!root) return;
    loop.thread = root->thread;
    loop.activity = !root->thread                                                 ? loop_activity::stopped
                    : root->phase == static_cast<std::uint32_t>(loop_phase::runs) ? loop_activity::running
                                                                                  : loop_activity::waiting;
    loop.turn_for = since_turn(root->time);
    for (seen_task& t : tasks) {
        if (t.is_gone || !t.is_seen) continue;
        finish(t, *root);
        task_of_future_[t.task.address + static_cast<std::uint64_t>(std::int64_t{kind_at(t.kind).to_future})] =
            t.task.address;
        loop.tasks.push_back(std::move(t.task));
    }
    std::ranges::sort(loop.tasks, {}, &task_snapshot::id);
    if (options_.wakes && layout_.root_flight_records) read_wakes(root_at, loop);
}

/// Adds those that are not among them yet. A task has one slot; of a damaged memory it may have several, and one counts.
void registry_reader::find_tasks(std::uint64_t root_at, std::uint64_t page, std::deque<seen_task>& tasks) {
    struct used_slot {
        std::uint64_t word, at, cpu_time_at;
        std::uint32_t creator;
    };
    std::vector<used_slot>
        used;  // and ordered by word: there may be a million, and a set would have to allocate for each
    std::unordered_set<std::uint64_t> pages;
    while (page && pages.insert(page).second) {
        if (root_of_page_.size() == most_pages && !root_of_page_.contains(page)) break;
        if (root_of_page_.try_emplace(page, root_at).first->second != root_at) break;
        const auto raw = memory_.read<raw_page>(page);
        if (!raw) break;
        for (std::size_t slot = 0; slot < registry_page::capacity; ++slot) {
            if (!registry_slot::is_used(raw->words[slot])) continue;
            used.push_back({raw->words[slot], page + offsetof(raw_page, words) + slot * sizeof(std::uint64_t),
                            raw->cpu_times ? raw->cpu_times + slot * sizeof(std::uint64_t) : 0, raw->creators[slot]});
        }
        page = raw->next;
    }
    std::ranges::sort(used, {}, &used_slot::word);
    used.erase(std::ranges::unique(used, {}, &used_slot::word).begin(), used.end());
    std::vector<std::uint64_t> known;
    for (const seen_task& t : tasks) known.push_back(t.word);
    std::ranges::sort(known);
    for (const used_slot& s : used) {
        if (std::ranges::binary_search(known, s.word)) continue;
        rounds_.allow_for_a_task();
        left_text_ = std::min(left_text_ + (1 << 16), most_text);
        seen_task& t = tasks.emplace_back();
        t.slot = s.at;
        t.word = s.word;
        t.cpu_time_at = s.cpu_time_at;
        t.task.address = registry_slot::value_in(t.word);
        t.task.creator = s.creator;
    }
}

void registry_reader::look_at(seen_task& t) {
    t.evidence.clear();
    t.task.stack.clear();
    t.task.frames.clear();
    t.task.fibers.clear();
    t.task.name.clear();
    t.task.wait = {};
    rounds_.ask(t.task.address, task_bytes_, &t.evidence, [this, &t](const std::byte* bytes) { on_task(t, bytes); });
    if (!t.cpu_time_at) return;
    rounds_.ask(t.cpu_time_at, sizeof(std::uint64_t), nullptr,
                [&t](const std::byte* bytes) { t.task.cpu = value_at<std::int64_t>(bytes, 0); });
}

void registry_reader::on_task(seen_task& t, const std::byte* bytes) {
    t.is_seen = true;
    t.kind = value_at<std::uint64_t>(bytes, layout_.task_kind);
    t.resume_point = value_at<std::uint64_t>(bytes, layout_.task_resume_point);
    t.waiter = value_at<std::uint64_t>(bytes, layout_.task_waiting_at);
    t.suspended_since = value_at<std::uint32_t>(bytes, layout_.task_suspended_since);
    t.is_queued = value_at<std::uint8_t>(bytes, layout_.task_is_queued) != 0;
    const auto id = value_at<std::uint64_t>(bytes, layout_.task_id_or_extras);
    if (id & 1) {
        t.task.id = id >> 1;
    } else {
        ask<std::uint64_t>(t, id + layout_.extras_id, [&t](std::uint64_t own) { t.task.id = own; });
        ask_string(t, id + layout_.extras_name, [&t](std::string name) { t.task.name = std::move(name); });
    }
    if (const seen_kind& kind = kind_at(t.kind); kind.to_body) {
        ask<std::uint64_t>(t, t.task.address + static_cast<std::uint64_t>(std::int64_t{kind.to_body}),
                           [this, &t](std::uint64_t handle) { ask_outermost(t, handle); });
    }
    if (t.waiter) ask_wait({&t, &t.task.wait, t.waiter}, false);
}

/// It knows its execution, which lies in the task: what has been freed or belongs to another task shows itself.
bool registry_reader::belongs(const seen_task& t, const std::byte* promise) const {
    return value_at<std::uint64_t>(promise, layout_.promise_execution) == t.task.address + layout_.task_execution;
}

void registry_reader::ask_outermost(seen_task& t, std::uint64_t handle) {
    if (!handle) return;
    const std::uint64_t promise = handle + layout_.handle_to_promise;
    rounds_.ask(promise, promise_bytes_, &t.evidence, [this, &t](const std::byte* bytes) {
        if (!belongs(t, bytes)) return;
        const stack_frame& created = location_at(value_at<std::uint64_t>(bytes, layout_.promise_created_at));
        if (created.line) t.task.created_at = created;
    });
    if (options_.whole_stacks || !t.resume_point) {
        ask_chain(t, promise);
    } else {
        ask_innermost(t);
    }
}

void registry_reader::ask_chain(seen_task& t, std::uint64_t promise) {
    if (t.task.stack.size() >= options_.deepest) return ask_innermost(t);
    rounds_.ask(promise, promise_bytes_, &t.evidence, [this, &t, promise](const std::byte* bytes) {
        if (!belongs(t, bytes)) {
            t.is_torn = true;
            return;
        }
        add_frame(t, promise, bytes);
        if (const auto awaited = value_at<std::uint64_t>(bytes, layout_.promise_awaited)) ask_chain(t, awaited);
    });
}

void registry_reader::add_frame(seen_task& t, std::uint64_t promise, const std::byte* bytes) {
    const stack_frame& f = location_at(value_at<std::uint64_t>(bytes, layout_.promise_where));
    const std::size_t text = f.file.size() + f.function.size();
    t.task.stack.push_back(text <= left_text_ ? f : stack_frame{});
    left_text_ -= std::min(text, left_text_);
    t.task.frames.push_back(promise - layout_.handle_to_promise);
    if (fibers_) ask_whether_fiber(t, t.task.frames.back());
}

/// If the last frame is a fiber's: where it stands.
void registry_reader::ask_whether_fiber(seen_task& t, std::uint64_t frame) {
    ask<std::uint64_t>(t, frame, [this, &t, frame, at = t.task.stack.size() - 1](std::uint64_t resume) {
        if (resume != reinterpret_cast<std::uint64_t>(fibers_->resume)) return;
        ask<std::uint64_t>(t, frame + fibers_->frame_fiber, [this, &t, frame, at](std::uint64_t own) {
            if (!own) return;
            ask<std::uint64_t>(t, frame + fibers_->frame_innermost, [this, &t, at, own](std::uint64_t innermost) {
                ask_parked_stack(t, at, innermost, own, most_stacks);
            });
        });
    });
}

/// Of `fiber`, and of those who have switched to it, up to `last`.
void registry_reader::ask_parked_stack(seen_task& t, std::size_t at, std::uint64_t fiber, std::uint64_t last,
                                       unsigned most) {
    const std::uint64_t kept_at = fiber + fibers_->fiber_stack_pointer;
    ask<std::uint64_t>(t, kept_at, [this, &t, at, fiber, last, most, kept_at](std::uint64_t stack_pointer) {
        const auto program_counter = reinterpret_cast<std::uint64_t>(fibers_->left_at);
        t.task.fibers.push_back({at, stack_pointer, program_counter, kept_at});
        if (fiber == last || most == 0) return;
        ask<std::uint64_t>(t, fiber + fibers_->fiber_parent, [this, &t, at, last, most](std::uint64_t parent) {
            if (parent) ask_parked_stack(t, at, parent, last, most - 1);
        });
    });
}

void registry_reader::ask_innermost(seen_task& t) {
    if (!t.resume_point) return;
    const std::uint64_t promise = t.resume_point + layout_.handle_to_promise;
    rounds_.ask(promise, promise_bytes_, &t.evidence, [this, &t, promise](const std::byte* bytes) {
        if (belongs(t, bytes)) add_frame(t, promise, bytes);
    });
}

/// Its slot is another one's, or free: what was read may have been anything.
void registry_reader::drop_if_gone(seen_task& t) {
    rounds_.ask(t.slot, sizeof t.word, nullptr,
                [&t](const std::byte* bytes) { t.is_gone = value_at<std::uint64_t>(bytes, 0) != t.word; });
}

/// Those of which all is as it was have been seen as they are; the others are looked at once more.
void registry_reader::look_again(std::deque<seen_task>& tasks) {
    std::vector<seen_task*> unsure;
    for (seen_task& t : tasks) unsure.push_back(&t);
    for (int looks = 1; !unsure.empty(); ++looks) {
        std::unordered_set<seen_task*> changed;
        for (seen_task* const t : unsure) {
            const std::vector<seen_memory> before = std::move(t->evidence);
            t->evidence.clear();
            for (const seen_memory& m : before) {
                rounds_.ask(m.address, m.count, nullptr, [&changed, t, m](const std::byte* bytes) {
                    if (seen_memory::hash_of(bytes, m.count) != m.hash) changed.insert(t);
                });
            }
            drop_if_gone(*t);
            if (t->is_torn) changed.insert(t);
        }
        rounds_.run();
        unsure.assign(changed.begin(), changed.end());
        std::erase_if(unsure, [](const seen_task* t) { return t->is_gone; });
        for (seen_task* const t : unsure) t->task.is_changing = true;
        if (looks == most_looks) return;
        for (seen_task* const t : unsure) {
            t->is_torn = false;
            look_at(*t);
        }
        rounds_.run();
    }
}

void registry_reader::finish(seen_task& t, const raw_root& root) const {
    task_snapshot& task = t.task;
    if (task.name.empty()) task.name = "Task-" + std::to_string(task.id);
    task.is_changing = task.is_changing || t.is_torn;
    // One that neither waits nor is ready, and has no place to go on from, is within a step: it runs, or has started another one.
    const bool runs = root.current == task.address || (!t.resume_point && !t.waiter && !t.is_queued);
    task.activity = runs ? task_activity::running : t.is_queued ? task_activity::ready : task_activity::waiting;
    if (task.activity != task_activity::waiting) task.wait = {};
    if (runs) task.fibers.clear();
    task.since = runs ? since_turn(root.time) : since(t.suspended_since);
}

/// How long ago a tick was. It may have come since this began.
std::int64_t registry_reader::since(std::uint32_t tick) const noexcept {
    const auto now = static_cast<std::uint32_t>(static_cast<std::uint64_t>(loop_now_) >> task_registry::tick_bits);
    constexpr std::uint32_t a_minute = 60'000 / 16;  // as far as this can have been overtaken
    const std::uint32_t ago = now - tick;
    return tick - now < a_minute ? 0 : static_cast<std::int64_t>(ago) << task_registry::tick_bits;
}

/// How long ago its present turn began, if that was at this time. Of a damaged memory this is any number, but no overflow.
std::int64_t registry_reader::since_turn(std::int64_t time) const noexcept {
    return std::max<std::int64_t>(difference(loop_now_, time), 0);
}

// Things that many tasks have in common are read once.

const registry_reader::seen_kind& registry_reader::kind_at(std::uint64_t address) {
    const auto [at, is_new] = kinds_.try_emplace(address);
    if (is_new) {
        at->second.to_body = memory_.read<std::int32_t>(address + layout_.kind_to_body).value_or(0);
        at->second.to_future = memory_.read<std::int32_t>(address + layout_.kind_to_future).value_or(0);
    }
    return at->second;
}

const stack_frame& registry_reader::location_at(std::uint64_t address) {
    const auto [at, is_new] = locations_.try_emplace(address);
    if (is_new && address) {
        const auto text = [&](std::uint16_t member) {
            const auto where = memory_.read<std::uint64_t>(address + member);
            return where ? memory_.read_text(*where) : std::string();
        };
        at->second.file = text(layout_.location_file);
        at->second.function = readable_function(text(layout_.location_function).c_str());
        at->second.line = memory_.read<std::uint32_t>(address + layout_.location_line).value_or(0);
    }
    return at->second;
}

}  // namespace weft::inline v0
