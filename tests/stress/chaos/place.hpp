// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>

#include <memory>
#include <vector>

namespace stress {

class world;

/// How one comes to a place.
struct visitor {
    bool obedient;  ///< a cancellation must arrive: crowded places are not for it
    int depth = 0;  ///< how many visits this one is in

    visitor deeper() const noexcept { return {obedient, depth + 1}; }
};

/// Something that many tasks use together, or in a like way, with a ledger of what must hold whenever one of them is
/// cancelled, or destroyed.
class place {
public:
    /// What may happen in a visit to it.
    enum class kind {
        plain,   ///< waits, in its own task; a cancellation of that leaves the visit, always
        nested,  ///< the same, with another visit inside
        crowded  ///< creates other tasks: a cancellation may end there, or come from there
    };

    explicit place(world& w, kind k = kind::plain) noexcept : world_(w), kind_(k) {}
    place(const place&) = delete;
    place& operator=(const place&) = delete;
    virtual ~place() = default;

    kind what() const noexcept { return kind_; }

    /// One use of it, in a way chosen at random. Nothing leaves it but cancelled_error.
    virtual weft::task<> visit(visitor v) = 0;
    /// Does what visitors may be waiting for.
    virtual weft::task<> help() { co_return; }
    /// Nobody can go on unless helped: are those who wait right to do so?
    virtual void check_at_rest() const {}
    /// Everybody is gone, in whatever way.
    virtual void check_at_end() = 0;

protected:
    world& world_;

private:
    kind kind_;
};

using places = std::vector<std::unique_ptr<place>>;

// Adds places of a kind, a function per file.
void add_locks(places& p, world& w);
void add_semaphores(places& p, world& w);
void add_events(places& p, world& w);
void add_conditions(places& p, world& w);
void add_barriers(places& p, world& w);
void add_queues(places& p, world& w);
void add_channels(places& p, world& w);
void add_deadlines(places& p, world& w);
void add_scopes(places& p, world& w);
void add_groups(places& p, world& w);
void add_joins(places& p, world& w);
void add_futures(places& p, world& w);
void add_generators(places& p, world& w);

struct neighbourhood;
// Those that need threads, or other loops.
void add_threads(places& p, world& w, neighbourhood& n);
void add_neighbours(places& p, world& w, neighbourhood& n);

}  // namespace stress
