// SPDX-License-Identifier: Apache-2.0
// Task groups: none of the tasks outlives the block, and every error leaves it.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <memory>

namespace stress {

namespace {

/// Of one group; its tasks hold on to it, for they may be destroyed after the block.
struct group_ledger {
    int running = 0, failures = 0;
};
using shared_ledger = std::shared_ptr<group_ledger>;

int count_mishaps(const weft::exception_group& errors) {
    require(!errors.split<mishap>().second, "task_group: it throws what its tasks have not");
    return static_cast<int>(errors.exceptions().size());
}

class group_place final : public place {
public:
    explicit group_place(world& w) noexcept : place(w, kind::crowded) {}

    weft::task<> visit(visitor v) override {
        const auto ledger = std::make_shared<group_ledger>();
        int errors = 0;
        std::exception_ptr cancelled;
        try {
            co_await weft::with(weft::task_group{}, [&](weft::task_group& g) { return fill(g, v, ledger); });
        } catch (const weft::exception_group& e) {
            errors = count_mishaps(e);
        } catch (const weft::cancelled_error&) {
            cancelled = std::current_exception();
        }
        require_equal(ledger->running, 0, "task_group: tasks that run on");
        require_equal(errors, ledger->failures, "task_group: errors that left it");
        if (cancelled) std::rethrow_exception(cancelled);
    }
    void check_at_end() override {}

private:
    weft::task<> fill(weft::task_group& g, visitor v, shared_ledger ledger) {
        for (std::size_t n = 1 + world_.chance().roll(3); n > 0; --n) {
            if (world_.chance().one_in(4)) co_await world_.pass_time();
            try {
                g.create_task(member(v, ledger, presence<>(ledger->running)));
            } catch (const weft::invalid_state_error&) {
                co_return;  // one has failed meanwhile
            }
        }
        if (world_.chance().one_in(3)) co_await world_.visit_somewhere(v.deeper());
        if (world_.chance().one_in(8)) {
            ++ledger->failures;
            throw mishap();
        }
    }
    weft::task<> member(visitor v, shared_ledger ledger, presence<>) {
        try {
            co_await world_.child(v, 0);
        } catch (const mishap&) {
            ++ledger->failures;
            throw;
        }
    }
};

}  // namespace

void add_groups(places& p, world& w) { p.push_back(std::make_unique<group_place>(w)); }

}  // namespace stress
