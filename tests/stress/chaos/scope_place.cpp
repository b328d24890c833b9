// SPDX-License-Identifier: Apache-2.0
// Cancel scopes: inside a cancelled one every await throws, but where it is held off; nobody else's cancellation stops there.
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

namespace stress {

namespace {

class scope_place final : public place {
public:
    explicit scope_place(world& w) noexcept : place(w, kind::nested) {}

    weft::task<> visit(visitor v) override {
        switch (world_.chance().roll(4)) {
            case 0: return move_on(v);
            case 1: return swallow_inside(v);
            case 2: return hold_off(v);
            default: return clean_up(v);
        }
    }
    void check_at_end() override {}

private:
    weft::task<> move_on(visitor v) {
        const bool finished =
            co_await weft::move_on_after(world_.a_while(), [&] { return world_.visit_somewhere(v.deeper()); });
        static_cast<void>(finished);
    }

    weft::task<> swallow_inside(visitor v) {
        weft::cancel_scope scope;
        scope.deadline(weft::get_running_loop().time() + world_.a_while());
        co_await weft::with(scope, [&]() -> weft::task<> {
            bool swallowed = false;
            try {
                co_await world_.visit_somewhere(v.deeper());
            } catch (const weft::cancelled_error&) {
                if (!scope.cancel_called()) throw;
                swallowed = true;
            }
            if (!swallowed) co_return;
            co_await weft::yield_now();
            fail("cancel_scope: it is cancelled, and an await inside did not throw");
        });
        require(scope.cancel_called() || !scope.cancelled_caught(), "cancel_scope: it caught what it had not thrown");
    }

    weft::task<> hold_off(visitor v) {
        weft::cancel_scope outer, inner;
        inner.shielded(true);
        co_await weft::yield_now();  // a cancellation that has come already is raised here
        co_await weft::with(outer, [&]() -> weft::task<> {
            outer.cancel();
            co_await weft::with(inner, [&] { return be_undisturbed(v, "a shielded scope"); });
            co_await weft::yield_now();
            fail("cancel_scope: an await behind the shielded scope inside did not throw");
        });
        require(outer.cancelled_caught(), "cancel_scope: it was cancelled, has ended, and says that it has not");
    }

    /// A context whose exit takes time.
    struct tidied {
        weft::task<> enter() { co_return; }
        weft::task<> exit(std::exception_ptr) {
            co_await owner->be_undisturbed(v, "the exit() of a context");
            *is_tidy = true;
        }
        scope_place* owner;
        visitor v;
        bool* is_tidy;
    };
    weft::task<> clean_up(visitor v) {
        bool is_tidy = false;
        co_await weft::yield_now();
        co_await weft::move_on_after(world_.a_while(), [&]() -> weft::task<> {
            co_await weft::with(tidied{this, v, &is_tidy}, [&] { return world_.visit_somewhere(v.deeper()); });
        });
        require(is_tidy || !v.obedient, "cancel_scope: what cleans up did not come to its end");
    }

    /// Takes some time, in which no scope may disturb; a request may, but one that is taken back in time leaves no trace of
    /// what it has done: so this is asked of obedient ones alone.
    weft::task<> be_undisturbed(visitor v, std::string where) {
        const weft::task_core& me = weft::current_task_core();
        const unsigned before = me.cancelling() - (me.has_pending_request() ? 1 : 0);
        try {
            co_await weft::sleep(world_.a_while());
        } catch (const weft::cancelled_error&) {
            require(!v.obedient || me.cancelling() != before, "cancel_scope: it reaches into " + where);
            throw;
        }
    }
};

}  // namespace

void add_scopes(places& p, world& w) { p.push_back(std::make_unique<scope_place>(w)); }

}  // namespace stress
