// SPDX-License-Identifier: Apache-2.0
// A network in which some hosts never answer and others answer badly: what the tests of connecting have in common.
#pragma once

#include "io/operations.hpp"
#include "io/socket_address.hpp"
#include "testing/backend_decorator.hpp"
#include "testing/virtual_backend.hpp"

#include <map>
#include <set>

namespace weft_test {

/// What befalls connects, and which there were.
struct network_weather {
    std::set<std::string> silent;  // hosts that never answer
    std::map<std::string, int> errors;  // hosts, and the errno that they answer with
    std::map<weft::opcode, int> refused;  // operations that cannot be submitted, and why
    std::vector<int> accept_errors;  // what the next accepts fail with
    struct attempt {
        std::string host;
        std::chrono::milliseconds at;  // after the first
        bool operator==(const attempt&) const = default;
    };
    std::vector<attempt> attempts;
    std::vector<std::string> given_up;
    weft::nanos began = 0;

    std::vector<std::string> hosts_tried() const {
        std::vector<std::string> all;
        for (const auto& a : attempts) all.push_back(a.host);
        return all;
    }
};

/// The backend of the machine in such weather.
class faulty_network final : public weft::backend_decorator {
public:
    explicit faulty_network(network_weather& w) : faulty_network(w, weft::make_backend()) {}

    void submit(weft::operation& op) override {
        if (const auto error = weather_.refused.find(op.code); error != weather_.refused.end())
            throw std::system_error(error->second, std::generic_category(), "submit");
        if (op.code == weft::opcode::accept && !weather_.accept_errors.empty()) {
            failed_.push_back({&op, weather_.accept_errors.front()});
            weather_.accept_errors.erase(weather_.accept_errors.begin());
            op.slot = held;
            return;
        }
        if (op.code != weft::opcode::connect) return real_->submit(op);
        const auto& c = static_cast<weft::connect_operation&>(op);
        const std::string host = weft::to_address(c.address, c.address_bytes).host;
        const weft::nanos now = weft::get_running_loop().now();
        if (weather_.attempts.empty()) weather_.began = now;
        weather_.attempts.push_back({host, std::chrono::milliseconds((now - weather_.began) / 1'000'000)});
        const auto error = weather_.errors.find(host);
        if (error != weather_.errors.end()) {
            failed_.push_back({&op, error->second});
        } else if (!weather_.silent.contains(host)) {
            return real_->submit(op);
        }
        op.slot = held;
    }
    void cancel(weft::operation& op) noexcept override {
        if (op.slot != held) return real_->cancel(op);
        if (op.code == weft::opcode::connect) {
            const auto& c = static_cast<weft::connect_operation&>(op);
            weather_.given_up.push_back(weft::to_address(c.address, c.address_bytes).host);
        }
        op.slot = weft::operation::no_slot;
        std::erase_if(failed_, [&](const auto& f) { return f.op == &op; });
    }
    bool wait(weft::nanos deadline) override { return real_->wait(failed_.empty() ? deadline : 0); }
    void dispatch() override {
        real_->dispatch();
        while (!failed_.empty()) {
            const failure f = failed_.front();
            failed_.erase(failed_.begin());
            f.op->slot = weft::operation::no_slot;
            f.op->on_complete(*f.op, {-f.error, true});
        }
    }
    bool has_happened() const noexcept override { return !failed_.empty() || real_->has_happened(); }

private:
    faulty_network(network_weather& w, std::unique_ptr<weft::backend> real)
        : backend_decorator(std::move(real)), weather_(w) {}

    struct failure {
        weft::operation* op;
        int error;
    };
    static constexpr std::uint32_t held = weft::operation::no_slot - 1;

    network_weather& weather_;
    std::vector<failure> failed_;
};

/// Runs `main()` on a virtual clock in such weather.
template <class F>
void run_in(network_weather& weather, F main) {
    auto loop = std::make_unique<weft::event_loop>(
        std::make_unique<weft::virtual_backend>(std::make_unique<faulty_network>(weather)));
    weft::runner(std::move(loop), {.handle_sigint = false}).run_and_close(main());
}

}  // namespace weft_test
