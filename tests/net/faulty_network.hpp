// SPDX-License-Identifier: Apache-2.0
// A network in which some hosts never answer and others answer badly: what the tests of connecting have in common.
#pragma once

#include "io/operations.hpp"
#include "io/socket_address.hpp"
#include "testing/virtual_backend.hpp"

#include <map>
#include <set>

namespace weft_test {

/// What befalls connects, and which there were.
struct network_weather {
    std::set<std::string> silent;  // hosts that never answer
    std::map<std::string, int> errors;  // hosts, and the errno that they answer with
    std::map<weft::opcode, int> refused;  // operations that cannot be submitted, and why
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
class faulty_network final : public weft::backend {
public:
    explicit faulty_network(network_weather& w, std::unique_ptr<weft::backend> real = weft::make_backend())
        : backend(real->buffers()), real_(std::move(real)), weather_(w) {}

    const char* name() const noexcept override { return real_->name(); }
    void submit(weft::operation& op) override {
        if (const auto error = weather_.refused.find(op.code); error != weather_.refused.end())
            throw std::system_error(error->second, std::generic_category(), "submit");
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
        if (op.slot != held || op.code != weft::opcode::connect) return real_->cancel(op);
        const auto& c = static_cast<weft::connect_operation&>(op);
        weather_.given_up.push_back(weft::to_address(c.address, c.address_bytes).host);
        op.slot = weft::operation::no_slot;
        std::erase_if(failed_, [&](const auto& f) { return f.op == &op; });
    }
    void pause(weft::receive_operation& op) noexcept override { real_->pause(op); }
    void resume(weft::receive_operation& op) override { real_->resume(op); }
    std::ptrdiff_t try_send(weft::native_handle fd, std::span<const std::byte> bytes) noexcept override {
        return real_->try_send(fd, bytes);
    }
    std::ptrdiff_t try_send_pieces(weft::native_handle fd,
                                   std::span<const std::span<const std::byte>> pieces) noexcept override {
        return real_->try_send_pieces(fd, pieces);
    }
    void close(weft::native_handle fd) noexcept override { real_->close(fd); }
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
    void for_each_submitted(const std::function<void(const weft::operation&)>& visit) const override {
        real_->for_each_submitted(visit);
    }
    void flush() override { real_->flush(); }
    void wake() noexcept override { real_->wake(); }
    void abandon() noexcept override { real_->abandon(); }
    weft::native_handle poll_fd() const noexcept override { return real_->poll_fd(); }

private:
    struct failure {
        weft::operation* op;
        int error;
    };
    static constexpr std::uint32_t held = weft::operation::no_slot - 1;

    std::unique_ptr<weft::backend> real_;
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
