// SPDX-License-Identifier: Apache-2.0
// Futures: of one's own, and one that many wait for.
#include "stress/chaos/mishap.hpp"
#include "stress/chaos/world.hpp"
#include "stress/checking.hpp"

#include <weft/weft.hpp>

#include <optional>

namespace stress {

namespace {

class future_place final : public place {
public:
    explicit future_place(world& w) noexcept : place(w, kind::crowded) {}

    weft::task<> visit(visitor) override {
        try {
            switch (world_.chance().roll(4)) {
                case 0: {
                    const weft::future<int> shared = common();
                    co_await shared;  // whose cancellation cancels it for all
                    break;
                }
                case 1: co_await weft::shield(common()); break;
                case 2: co_await weft::wait_for(weft::shield(common()), world_.a_while()); break;
                default: co_await await_my_own();
            }
        } catch (const mishap&) {
        } catch (const weft::timeout_error&) {
        }
    }
    weft::task<> help() override {
        complete(common());
        co_return;
    }

    void check_at_end() override {
        common_.reset();
        // A loop that is closed while tasks wait calls nobody back.
        if (!world_.is_over()) require_equal(called_, completed_, "future: callbacks that were called");
    }

private:
    /// Another one each time after it was completed.
    weft::future<int> common() {
        if (!common_ || common_->done()) common_.emplace();
        return *common_;
    }
    void complete(const weft::future<int>& f) {
        if (f.done()) return;
        if (world_.chance().one_in(4)) {
            f.set_exception(mishap());
        } else {
            f.set_result(1);
        }
    }
    weft::task<> await_my_own() {
        weft::future<int> f;
        f.add_done_callback([this](const auto&) { ++called_; });
        const auto later = weft::get_running_loop().call_later(world_.a_while(), [this, f] { complete(f); });
        std::exception_ptr error;
        try {
            require_equal(co_await f, 1, "future: the result");
        } catch (...) {
            error = std::current_exception();
        }
        require(f.done(), "future: it was awaited, and is not done");
        ++completed_;
        if (world_.chance().one_in(2)) later.cancel();
        co_await weft::yield_now();  // for the callback
        if (error) std::rethrow_exception(error);
    }

    std::optional<weft::future<int>> common_;
    int called_ = 0, completed_ = 0;
};

}  // namespace

void add_futures(places& p, world& w) { p.push_back(std::make_unique<future_place>(w)); }

}  // namespace stress
