// SPDX-License-Identifier: Apache-2.0
#include <weft/inspect/diagnose.hpp>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace weft::inline v0 {

namespace {

std::string seconds(std::int64_t ns) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(ns) / 1e9);
    return text;
}

std::string named(const task_snapshot& t) { return "#" + std::to_string(t.id) + " " + t.name; }

std::string place(const task_snapshot& t) {
    const stack_frame* const frame = own_frame(t);
    return frame ? " (" + frame->file + ":" + std::to_string(frame->line) + ")" : "";
}

/// `visit` is called with a wait and, of a select, with those that it is made of.
void for_each_wait(const wait_snapshot& w, const auto& visit) {
    visit(w);
    for (const wait_snapshot& branch : w.branches) for_each_wait(branch, visit);
}

/// Who waits for whom.
class wait_graph {
public:
    explicit wait_graph(process_snapshot& p) {
        for (loop_snapshot& loop : p.loops) {
            for (task_snapshot& t : loop.tasks) {
                nodes_[t.address].task = &t;
                holders_[loop.address].emplace(t.id, &t);
            }
        }
        for (loop_snapshot& loop : p.loops) {
            for (task_snapshot& t : loop.tasks) nodes_[t.address].needs = needs_of(t.wait, loop.address);
        }
        find_those_that_go_on();
    }

    const task_snapshot& at(task_address a) const { return *nodes_.at(a).task; }
    const task_snapshot* holder(std::uint64_t loop, std::uint64_t id) const {
        const auto& of_loop = holders_.at(loop);
        const auto found = of_loop.find(id);
        return found == of_loop.end() ? nullptr : found->second;
    }

    void mark_blocked() {
        for (auto& [address, n] : nodes_) {
            if (!n.goes_on) n.task->activity = task_activity::blocked;
        }
    }

    /// Of those that are blocked, each set in which everybody waits, by way of others, for everybody: one circle in it, in the
    /// order of who waits for whom, from the task with the lowest id on.
    std::vector<std::vector<task_address>> circles() {
        std::vector<task_address> blocked;
        for (const auto& [address, n] : nodes_) {
            if (!n.goes_on) blocked.push_back(address);
        }
        std::ranges::sort(blocked, {}, [&](task_address a) { return std::pair(at(a).id, a); });
        std::vector<std::vector<task_address>> found;
        for (const std::vector<task_address>& together : knots_of(blocked)) {
            std::vector<task_address> circle = circle_in(together);
            if (circle.empty()) continue;
            std::ranges::rotate(circle, std::ranges::min_element(circle, {}, [&](task_address c) { return at(c).id; }));
            found.push_back(std::move(circle));
        }
        return found;
    }

private:
    /// What a wait is for: all of the tasks, or one of them. Of nothing: it may end by itself.
    struct needs_these {
        std::vector<task_address> tasks;
        bool one_is_enough = false;
        bool can_never_be = false;
    };
    struct node {
        task_snapshot* task = nullptr;
        needs_these needs;
        std::size_t missing = 0;  // of what it needs, how many are not known to go on
        std::vector<node*> waited_for_by;
        bool goes_on = false;
        // For the components:
        bool is_open = false;
        std::size_t met = 0, lowest = 0, knot = 0;
    };

    needs_these needs_of(const wait_snapshot& w, std::uint64_t loop) const {
        if (w.lock) {
            const task_snapshot* const by = w.lock_holder ? holder(loop, w.lock_holder) : nullptr;
            return {.tasks = by ? std::vector{by->address} : std::vector<task_address>{}};
        }
        if (!w.branches.empty()) {
            needs_these any{.one_is_enough = true};
            for (const wait_snapshot& b : w.branches) {
                const needs_these n = needs_of(b, loop);
                if (n.tasks.empty() && !n.can_never_be) return {};
                any.tasks.insert(any.tasks.end(), n.tasks.begin(), n.tasks.end());
            }
            any.can_never_be = any.tasks.empty();
            return any;
        }
        if (w.one_is_enough && w.may_end_otherwise) return {};
        return {.tasks = w.tasks,
                .one_is_enough = w.one_is_enough,
                .can_never_be = w.is_orphaned && (!w.one_is_enough || w.tasks.empty())};
    }

    /// From those that wait for no task, on to those whom they set free.
    void find_those_that_go_on() {
        std::vector<node*> free;
        for (auto& [address, n] : nodes_) {
            std::erase_if(n.needs.tasks, [&](task_address a) { return !nodes_.contains(a); });
            n.missing = n.needs.one_is_enough ? std::min<std::size_t>(n.needs.tasks.size(), 1) : n.needs.tasks.size();
            for (const task_address a : n.needs.tasks) nodes_.at(a).waited_for_by.push_back(&n);
            if (n.task->activity != task_activity::waiting || n.task->is_changing ||
                (n.missing == 0 && !n.needs.can_never_be))
                free.push_back(&n);
        }
        while (!free.empty()) {
            node& n = *free.back();
            free.pop_back();
            if (std::exchange(n.goes_on, true)) continue;
            for (node* const other : n.waited_for_by) {
                if (other->missing > 0 && --other->missing == 0 && !other->needs.can_never_be) free.push_back(other);
            }
        }
    }
    /// The strongly connected components (by Tarjan, without recursion: a line of joins may be long).
    std::vector<std::vector<task_address>> knots_of(const std::vector<task_address>& blocked) {
        std::vector<std::vector<task_address>> knots;
        std::vector<task_address> open;  // those met whose component is not complete
        std::vector<std::pair<task_address, std::size_t>> path;  // and which of its needs is next
        std::size_t last = 0;
        for (const task_address first : blocked) {
            if (nodes_.at(first).met) continue;
            path.emplace_back(first, 0);
            while (!path.empty()) {
                const auto [address, next] = path.back();
                node& n = nodes_.at(address);
                if (next == 0) {
                    n.met = n.lowest = ++last;
                    n.is_open = true;
                    open.push_back(address);
                }
                if (next < n.needs.tasks.size()) {
                    ++path.back().second;
                    const task_address other = n.needs.tasks[next];
                    const node& o = nodes_.at(other);
                    if (o.goes_on) continue;
                    if (!o.met) {
                        path.emplace_back(other, 0);
                    } else if (o.is_open) {
                        n.lowest = std::min(n.lowest, o.met);
                    }
                    continue;
                }
                path.pop_back();
                if (!path.empty()) {
                    node& before = nodes_.at(path.back().first);
                    before.lowest = std::min(before.lowest, n.lowest);
                }
                if (n.lowest != n.met) continue;
                std::vector<task_address>& knot = knots.emplace_back();
                do {
                    knot.push_back(open.back());
                    nodes_.at(open.back()).is_open = false;
                    nodes_.at(open.back()).knot = knots.size();
                    open.pop_back();
                } while (knot.back() != address);
            }
        }
        return knots;
    }
    /// Going on in a component, from each task to the first in it that it needs, ends in a circle. Empty: it is one task, which
    /// does not wait for itself.
    std::vector<task_address> circle_in(const std::vector<task_address>& knot) const {
        std::vector<task_address> path;
        std::unordered_map<task_address, std::size_t> place;
        const auto lowest = std::ranges::min_element(knot, {}, [&](task_address a) { return at(a).id; });
        for (task_address a = *lowest; place.try_emplace(a, path.size()).second;) {
            path.push_back(a);
            const std::vector<task_address>& needs = nodes_.at(a).needs.tasks;
            const auto next =
                std::ranges::find(needs, nodes_.at(a).knot, [&](task_address o) { return nodes_.at(o).knot; });
            if (next == needs.end()) return {};
            a = *next;
            if (place.contains(a)) return {path.begin() + static_cast<std::ptrdiff_t>(place.at(a)), path.end()};
        }
        return {};
    }

    std::unordered_map<task_address, node> nodes_;
    std::unordered_map<std::uint64_t, std::unordered_map<std::uint64_t, const task_snapshot*>> holders_;
};

/// "waits for a lock held by", "waits for": with the other's name to follow.
std::string how_it_waits(const task_snapshot& t) {
    if (t.wait.lock) return " waits" + place(t) + " for a lock held by ";
    return " waits" + place(t) + (t.wait.kind == "future" || t.wait.kind.empty() ? "" : " (" + t.wait.kind + ")") +
           " for ";
}

finding deadlock_of(const std::vector<task_address>& circle, const wait_graph& graph) {
    std::string text = named(graph.at(circle.front()));
    for (std::size_t i = 0; i < circle.size(); ++i) {
        const task_snapshot& next = graph.at(circle[(i + 1) % circle.size()]);
        text += (i == 0 ? "" : ", which") + how_it_waits(graph.at(circle[i])) + named(next);
    }
    return {finding::what::deadlock, text, circle};
}

}  // namespace

const char* to_string(finding::what w) noexcept {
    switch (w) {
        case finding::what::loop_blocked: return "loop blocked";
        case finding::what::deadlock: return "deadlock";
        case finding::what::lock_abandoned: return "lock abandoned";
        case finding::what::lock_held: return "lock held long";
        case finding::what::orphaned: return "orphaned";
    }
    return "?";
}

std::vector<finding> diagnose(process_snapshot& p, const diagnose_options& options) {
    std::vector<finding> found;
    wait_graph graph(p);
    std::unordered_set<std::uint64_t> locks;  // each is told of once
    std::unordered_set<task_address> in_circles;
    for (const auto& circle : graph.circles()) {
        found.push_back(deadlock_of(circle, graph));
        in_circles.insert(circle.begin(), circle.end());
    }
    for (const loop_snapshot& loop : p.loops) {
        const auto running = std::ranges::find(loop.tasks, task_activity::running, &task_snapshot::activity);
        if (loop.activity == loop_activity::running && !loop.is_virtual &&
            loop.turn_for >= options.loop_blocked.count()) {
            finding f{finding::what::loop_blocked,
                      "the loop of thread " + std::to_string(loop.thread) + " has been busy for " +
                          seconds(loop.turn_for),
                      {}};
            if (running == loop.tasks.end()) {
                f.text += " with callbacks, or is held up in one";
            } else {
                f.text += ", in " + named(*running) + place(*running);
                f.tasks.push_back(running->address);
            }
            found.push_back(std::move(f));
        }
        for (const task_snapshot& t : loop.tasks) {
            if (t.is_changing) continue;
            for_each_wait(t.wait, [&](const wait_snapshot& w) {
                if (w.is_orphaned) {
                    found.push_back({finding::what::orphaned,
                                     named(t) + place(t) + " waits for a task that was destroyed before its end",
                                     {t.address}});
                }
                if (!w.lock || !w.lock_holder || !locks.insert(w.lock).second) return;
                const task_snapshot* const holder = graph.holder(loop.address, w.lock_holder);
                const std::int64_t held = w.lock_held_for.value_or(0);
                if (!holder && p.incomplete.empty()) {
                    found.push_back({finding::what::lock_abandoned,
                                     "the lock that " + named(t) + place(t) + " waits for was locked by task #" +
                                         std::to_string(w.lock_holder) + ", which has ended",
                                     {t.address}});
                } else if (holder && held >= options.lock_held.count() && !in_circles.contains(holder->address)) {
                    found.push_back({finding::what::lock_held,
                                     "a lock has been held for " + seconds(held) + " by " + named(*holder) +
                                         place(*holder) + ", and " + named(t) + " waits for it",
                                     {holder->address, t.address}});
                }
            });
        }
    }
    graph.mark_blocked();
    std::vector<finding> worst_first;
    for (const auto kind : {finding::what::loop_blocked, finding::what::deadlock, finding::what::lock_abandoned,
                            finding::what::lock_held, finding::what::orphaned}) {
        for (finding& f : found) {
            if (f.is == kind) worst_first.push_back(std::move(f));
        }
    }
    return worst_first;
}

}  // namespace weft::inline v0
