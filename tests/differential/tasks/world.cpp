// SPDX-License-Identifier: Apache-2.0
#include "world.hpp"

#include "synchronisers.hpp"

#include <weft/base/errors.hpp>
#include <weft/base/exception_group.hpp>
#include <weft/flow/sleep.hpp>
#include <weft/loop/any_task.hpp>

#include <algorithm>
#include <stdexcept>

namespace differential {

namespace {

std::string describe(const weft::exception_group& group) {
    std::vector<std::string> all;
    for (const auto& one : group.exceptions()) all.push_back(differential::describe(one));
    std::ranges::sort(all);
    std::string joined;
    for (const auto& one : all) joined += (joined.empty() ? "" : " ") + one;
    return "group[" + joined + "]";
}

constexpr int rounds = 60;

}  // namespace

std::string describe(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const weft::cancelled_error& e) {
        return "cancelled(" + e.message() + ")";
    } catch (const error_b& e) {
        return "B" + text(e.number);
    } catch (const error_a& e) {
        return "A" + text(e.number);
    } catch (const weft::exception_group& e) {
        return describe(e);
    } catch (const weft::timeout_error&) {
        return "timeout";
    } catch (const std::exception& e) {
        if (const char* name = name_of_sync_error(error)) return name;
        if (dynamic_cast<const std::logic_error*>(&e)) return "misuse";
        return std::string("unexpected: ") + e.what();
    }
}

std::string outcome(const weft::future<number>& f) {
    if (f.cancelled()) return "cancelled";
    const std::exception_ptr error = f.exception();
    return error ? describe(error) : text(f.result());
}

std::string cancelling() { return " " + text(weft::current_task().cancelling()); }

world::world(const program& p)
    : sync(std::make_unique<synchronisers>(p)), program_(p), loop_(weft::get_running_loop()), start_(loop_.time()) {
    for (std::size_t i = 0; i < p.futures.size(); ++i) futures.emplace_back(loop_);
    loop_.set_exception_handler([](auto&, auto&) {});  // errors that nobody retrieves: programs leave them on purpose
}

world::~world() = default;

void world::log(const std::string& who, int site, const std::string& text) {
    logs_[who] += " " + differential::text(now()) + " " + differential::text(site) + " " + text + "\n";
}

std::string world::text() const {
    std::string all;
    for (const auto& [who, lines] : logs_) all += who + "\n" + lines;
    return all;
}

std::optional<weft::future<number>> world::thing(number n) const {
    if (n >= first_future) return futures[static_cast<std::size_t>(n - first_future)];
    const auto found = tasks.find(n);
    return found == tasks.end() ? std::nullopt : std::optional<weft::future<number>>(found->second);
}

number world::number_of(const weft::future<number>& thing) const {
    for (const auto& [n, task] : tasks) {
        if (&task.state() == &thing.state()) return n;
    }
    for (std::size_t i = 0; i < futures.size(); ++i) {
        if (&futures[i].state() == &thing.state()) return first_future + static_cast<number>(i);
    }
    return none;
}

void world::perform(const std::string& who, const block& b) {
    for (const statement& s : b) {
        try {
            s.act(*this, who, s);
        } catch (...) {
            log(who, s.site, s.name + " raises " + describe(std::current_exception()));
        }
    }
}

weft::task<> world::run() {
    tasks.emplace(0, weft::create_task(run_body(*this, 0, program_.body)));
    co_await weft::sleep(std::chrono::nanoseconds(program_.horizon));
    for (int round = 0; round < rounds; ++round) {
        std::vector<weft::task_handle<number>> left;
        for (const auto& [_, task] : tasks) {
            if (!task.done()) left.push_back(task);
        }
        for (const auto& task : left) {
            task.cancel();
            co_await weft::sleep(std::chrono::nanoseconds(program_.pause));
        }
    }
    for (const auto& [n, task] : tasks) {
        log("end", static_cast<int>(n),
            (task.done() ? outcome(task) : "pending") + " cancelling " + differential::text(task.cancelling()));
    }
    for (std::size_t i = 0; i < futures.size(); ++i) {
        log("end", static_cast<int>(first_future + static_cast<number>(i)),
            futures[i].done() ? outcome(futures[i]) : "pending");
    }
}

weft::task<bool> body::block(const differential::block& b) {
    for (const auto& s : b) {
        if (co_await statement(s)) co_return true;
    }
    co_return false;
}

weft::task<bool> body::statement(const differential::statement& s) {
    std::exception_ptr error;
    try {
        if (s.perform) co_return co_await s.perform(*this, s);
        s.act(around, who, s);
        co_return false;
    } catch (...) {
        error = std::current_exception();
    }
    log(s.site, s.name + " raises " + describe(error) + cancelling());
    std::rethrow_exception(error);
}

weft::task<number> run_body(world& w, number n, const block& b) {
    body self(w, n);
    w.started.insert(n);
    self.log(0, "starts");
    co_await self.block(b);
    self.log(0, "returns " + text(self.value));
    co_return self.value;
}

}  // namespace differential
