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
    return t.stack.empty() ? "" : " (" + t.stack.back().file + ":" + std::to_string(t.stack.back().line) + ")";
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

    /// Each circle once, in the order of who waits for whom, from the task with the lowest id on.
    std::vector<std::vector<task_address>> circles() {
        std::vector<std::vector<task_address>> found;
        std::vector<task_address> blocked;
        for (const auto& [address, n] : nodes_) {
            if (!n.goes_on) blocked.push_back(address);
        }
        std::ranges::sort(blocked, {}, [&](task_address a) { return std::pair(at(a).id, a); });
        struct first_met {
            std::size_t walk, place;
        };
        std::unordered_map<task_address, first_met> met;
        for (std::size_t walk = 0; walk < blocked.size(); ++walk) {
            std::vector<task_address> path;
            for (std::optional<task_address> a = blocked[walk]; a; a = next_blocked(*a)) {
                const auto [where, is_new] = met.try_emplace(*a, first_met{walk, path.size()});
                if (is_new) {
                    path.push_back(*a);
                    continue;
                }
                if (where->second.walk != walk) break;  // on from here it has been walked before
                std::vector<task_address> circle(path.begin() + static_cast<std::ptrdiff_t>(where->second.place),
                                                 path.end());
                std::ranges::rotate(circle,
                                    std::ranges::min_element(circle, {}, [&](task_address c) { return at(c).id; }));
                found.push_back(std::move(circle));
                break;
            }
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
            return any;
        }
        const bool one = w.kind == "wait" || w.kind == "as completed";
        return {.tasks = w.tasks, .one_is_enough = one, .can_never_be = w.is_orphaned && (!one || w.tasks.empty())};
    }

    /// From those that wait for no task, on to those whom they set free.
    void find_those_that_go_on() {
        std::vector<node*> free;
        for (auto& [address, n] : nodes_) {
            std::erase_if(n.needs.tasks, [&](task_address a) { return !nodes_.contains(a); });
            n.missing = n.needs.one_is_enough ? std::min<std::size_t>(n.needs.tasks.size(), 1) : n.needs.tasks.size();
            for (const task_address a : n.needs.tasks) nodes_.at(a).waited_for_by.push_back(&n);
            if (n.task->activity != task_activity::waiting || (n.missing == 0 && !n.needs.can_never_be))
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
    std::optional<task_address> next_blocked(task_address a) const {
        for (const task_address other : nodes_.at(a).needs.tasks) {
            const auto n = nodes_.find(other);
            if (n != nodes_.end() && !n->second.goes_on) return other;
        }
        return std::nullopt;
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
            if (t.wait.is_orphaned) {
                found.push_back({finding::what::orphaned,
                                 named(t) + place(t) + " waits for a task that was destroyed before its end",
                                 {t.address}});
            }
            if (!t.wait.lock || !locks.insert(t.wait.lock).second || !t.wait.lock_holder) continue;
            const task_snapshot* const holder = graph.holder(loop.address, t.wait.lock_holder);
            const std::int64_t held = t.wait.lock_held_for.value_or(0);
            if (!holder) {
                found.push_back({finding::what::lock_abandoned,
                                 "the lock that " + named(t) + place(t) + " waits for was locked by task #" +
                                     std::to_string(t.wait.lock_holder) + ", which has ended",
                                 {t.address}});
            } else if (held >= options.lock_held.count() && !in_circles.contains(holder->address)) {
                found.push_back({finding::what::lock_held,
                                 "a lock has been held for " + seconds(held) + " by " + named(*holder) +
                                     place(*holder) + ", and " + named(t) + " waits for it",
                                 {holder->address, t.address}});
            }
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
