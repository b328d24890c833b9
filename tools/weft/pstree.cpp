// SPDX-License-Identifier: Apache-2.0
// `weft pstree`: the tasks of a process below those that await or created them, with their chains of awaits.
#include "weft/commands.hpp"
#include "weft/describe.hpp"
#include "weft/snapshot_json.hpp"
#include "weft/target.hpp"
#include "weft/terminal.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <unordered_map>

namespace {

using weft::task_address;
using weft::task_snapshot;

constexpr int deepest = 200;  // what is further down is counted

/// Who stands below whom: below the task that awaits it, else below the one that created it.
class task_tree {
public:
    explicit task_tree(const weft::loop_snapshot& loop) {
        std::unordered_map<std::uint32_t, task_address> by_id;
        for (const task_snapshot& t : loop.tasks) {
            tasks_.emplace(t.address, &t);
            by_id.emplace(static_cast<std::uint32_t>(t.id), t.address);
        }
        for (const task_snapshot& t : loop.tasks) {
            for (const task_address child : t.wait.tasks) put_below(child, t.address, true);
            for (const weft::wait_snapshot& b : t.wait.branches) {
                for (const task_address child : b.tasks) put_below(child, t.address, true);
            }
        }
        for (const task_snapshot& t : loop.tasks) {
            const auto creator = by_id.find(static_cast<std::uint32_t>(t.creator));
            if (t.creator && creator != by_id.end()) put_below(t.address, creator->second, false);
        }
        break_circles();
        for (const task_snapshot& t : loop.tasks) {
            if (const auto p = parents_.find(t.address); p == parents_.end())
                roots.push_back(t.address);
            else
                children_[p->second.of].push_back(t.address);
        }
    }

    const task_snapshot& at(task_address a) const { return *tasks_.at(a); }
    const std::vector<task_address>& below(task_address a) const {
        static const std::vector<task_address> none;
        const auto found = children_.find(a);
        return found == children_.end() ? none : found->second;
    }
    bool is_awaited(task_address a) const { return parents_.contains(a) && parents_.at(a).awaits; }

    std::vector<task_address> roots;

private:
    struct parent {
        task_address of;
        bool awaits;
    };
    /// Unless it is below somebody already.
    void put_below(task_address child, task_address of, bool awaits) {
        if (tasks_.contains(child)) parents_.try_emplace(child, parent{of, awaits});
    }
    /// Of those that wait for one another in a circle, the oldest stands below nobody.
    void break_circles() {
        std::unordered_map<task_address, std::size_t> walk_of;
        std::size_t walk = 0;
        for (const auto& [first, task] : tasks_) {
            ++walk;
            task_address a = first;
            for (auto up = parents_.find(a); walk_of.try_emplace(a, walk).second && up != parents_.end();
                 up = parents_.find(a))
                a = up->second.of;
            if (walk_of.at(a) != walk || !parents_.contains(a)) continue;
            task_address oldest = a;
            for (task_address b = parents_.at(a).of; b != a; b = parents_.at(b).of) {
                if (at(b).id < at(oldest).id) oldest = b;
            }
            parents_.erase(oldest);
        }
    }

    std::unordered_map<task_address, const task_snapshot*> tasks_;
    std::unordered_map<task_address, parent> parents_;
    std::unordered_map<task_address, std::vector<task_address>> children_;
};

class tree_printer {
public:
    tree_printer(const task_tree& tree, const task_names& names, const terminal& screen, bool fold) noexcept
        : tree_(tree), names_(names), screen_(screen), fold_(fold) {}

    void print(const std::vector<task_address>& siblings, const std::string& indent, int depth = 0) {
        if (depth == deepest && !siblings.empty()) {
            text += indent + "└─ … and more below\n";
            return;
        }
        // Those without children of their own that do the same are one entry.
        std::vector<std::pair<task_address, std::size_t>> entries;
        std::unordered_map<std::string, std::size_t> known;
        for (const task_address a : siblings) {
            if (!fold_ || !tree_.below(a).empty() || tree_.at(a).activity == weft::task_activity::blocked) {
                entries.emplace_back(a, 1);
                continue;
            }
            const auto [at, is_new] = known.try_emplace(likeness_of(tree_.at(a)), entries.size());
            if (is_new) {
                entries.emplace_back(a, 1);
            } else {
                ++entries[at->second].second;
            }
        }
        for (std::size_t i = 0; i < entries.size(); ++i) {
            const bool is_last = i + 1 == entries.size();
            print_task(entries[i].first, entries[i].second, indent + (is_last ? "└─ " : "├─ "),
                       indent + (is_last ? "   " : "│  "), depth);
        }
    }

    std::string text;

private:
    static std::string likeness_of(const task_snapshot& t) {
        std::string all = to_string(t.activity) + kind_of(t.wait) + std::to_string(t.wait.lock);
        for (const weft::stack_frame& f : t.stack) all += f.file + ":" + std::to_string(f.line) + ",";
        return all;
    }
    void print_task(task_address a, std::size_t count, const std::string& first, const std::string& rest, int depth) {
        const task_snapshot& t = tree_.at(a);
        const bool waits = t.activity == weft::task_activity::waiting || t.activity == weft::task_activity::blocked;
        text += first +
                screen_.in(terminal::colour::bold,
                           count > 1 ? printable(t.name) + " ×" + std::to_string(count) : names_(a)) +
                " " +
                screen_.in(t.activity == weft::task_activity::blocked ? terminal::colour::red : terminal::colour::dim,
                           to_string(t.activity) +
                               (waits ? ": " + (count > 1 ? kind_of(t.wait) : describe(t.wait, names_)) : "") + ", " +
                               readable_duration(t.since)) +
                "\n";
        const std::string bar = tree_.below(a).empty() ? "   " : "│  ";
        for (const weft::stack_frame& f : t.stack)
            text += rest + bar + f.function +
                    screen_.in(terminal::colour::dim, " " + f.file + (f.line ? ":" + std::to_string(f.line) : "")) +
                    "\n";
        print(tree_.below(a), rest, depth + 1);
    }

    const task_tree& tree_;
    const task_names& names_;
    const terminal& screen_;
    bool fold_;
};

std::string nodes_to_json(const task_tree& tree, const std::vector<task_address>& siblings) {
    json_array all;
    for (const task_address a : siblings) {
        json_object o;
        o.add("task", json_of(tree.at(a)).to_string())
            .truth("awaited", tree.is_awaited(a))
            .add("below", nodes_to_json(tree, tree.below(a)));
        all.add(o.to_string());
    }
    return all.to_string();
}

struct pstree_options {
    target who;
    bool all = false, json = false;
};

void run_pstree(const pstree_options& options) {
    weft::process_snapshot p = options.who.snapshot();
    const std::vector<weft::finding> findings = weft::diagnose(p);
    const terminal screen;
    const task_names names(p);
    std::string text = what_is_wrong(p, findings, screen);
    json_array loops;
    for (std::size_t i = 0; i < p.loops.size(); ++i) {
        const task_tree tree(p.loops[i]);
        if (options.json) {
            loops.add(json_of(p.loops[i]).add("roots", nodes_to_json(tree, tree.roots)).to_string());
            continue;
        }
        text +=
            screen.in(terminal::colour::bold, "loop " + std::to_string(i + 1) + ", " + printable(p.loops[i].backend)) +
            "\n";
        tree_printer printer(tree, names, screen, !options.all);
        printer.print(tree.roots, "");
        text += printer.text;
    }
    if (options.json) text = json_of(p, findings).add("loops", loops.to_string()).to_string() + "\n";
    std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_pstree(CLI::App& weft) {
    auto options = std::make_shared<pstree_options>();
    CLI::App& pstree =
        *weft.add_subcommand("pstree", "shows the tasks of a process below those that await or created them");
    options->who.add_to(pstree);
    pstree.add_flag("-a,--all", options->all, "each task, even of those that do the same");
    pstree.add_flag(
        "--json", options->json,
        "as JSON: the same warnings as `weft ps --json`, and of each loop its roots, each with what is below it");
    pstree.callback([options] { run_pstree(*options); });
}
