// SPDX-License-Identifier: Apache-2.0
// A backend in which operations fail on purpose.
#pragma once

#include "testing/backend_decorator.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

namespace weft_test {

/// What is to become of an operation.
struct fate {
    int error = 0;           ///< it completes with this errno and never reaches the kernel; 0: it is carried out
    bool at_submit = false;  ///< submitting it throws instead
};

/// Stands before a real backend. One at a time: completions find it by a static pointer.
class faulty_backend final : public weft::backend_decorator {
public:
    explicit faulty_backend(std::unique_ptr<backend> real) : backend_decorator(std::move(real)) { active = this; }
    ~faulty_backend() override { active = nullptr; }

    inline static faulty_backend* active = nullptr;

    /// Asked for each operation, and each send that is tried without one.
    std::function<fate(weft::opcode, weft::native_handle)> decide = [](weft::opcode, weft::native_handle) {
        return fate();
    };
    /// No more bytes than these come, or are taken, at a time.
    std::size_t most_bytes = ~std::size_t{0};
    /// After so many bytes, counted over all receives of descriptors for which `resets` says so, the connection is reset.
    std::optional<std::size_t> reset_after;
    std::function<bool(weft::native_handle)> resets = [](weft::native_handle) { return true; };
    std::size_t received = 0;

    void submit(weft::operation& op) override {
        const fate f = decide(op.code, op.fd);
        if (f.error && f.at_submit) {
            breaks(op.code, op.fd, f.error);
            throw std::system_error(f.error, std::generic_category(), "injected");
        }
        // A receive that was paused may have come out of the real one without a word.
        if (op.on_complete == completed) restore(op);
        kept& k = kept_[&op] = {.complete = op.on_complete, .bytes = {}};
        op.on_complete = completed;
        if (f.error) {
            op.slot = 0;
            failed_.push_back({&op, f.error});
            breaks(op.code, op.fd, f.error);
            return;
        }
        if (op.code == weft::opcode::send) {
            auto& send = static_cast<weft::send_operation&>(op);
            k.bytes = send.bytes;
            send.bytes = send.bytes.first(std::min(send.bytes.size(), most_bytes));
        }
        try {
            real_->submit(op);
        } catch (...) {
            restore(op);
            op.slot = weft::operation::no_slot;
            throw;
        }
    }
    void cancel(weft::operation& op) noexcept override {
        if (!op.is_submitted()) {
            if (op.on_complete == completed) restore(op);
            return;
        }
        const auto failed = std::ranges::find(failed_, &op, &failure::op);
        if (failed != failed_.end()) {
            failed_.erase(failed);
            op.slot = weft::operation::no_slot;
        } else {
            real_->cancel(op);
        }
        restore(op);
    }
    void pause(weft::receive_operation& op) noexcept override {
        if (std::ranges::find(failed_, &op, &failure::op) == failed_.end()) real_->pause(op);
    }
    void resume(weft::receive_operation& op) override {
        if (op.is_submitted()) {
            if (std::ranges::find(failed_, &op, &failure::op) == failed_.end()) real_->resume(op);
        } else {
            op.paused = false;
            submit(op);
        }
    }
    std::ptrdiff_t try_send(weft::native_handle fd, std::span<const std::byte> bytes) noexcept override {
        // Where the real one leaves it to submit(), there is nothing to fail here.
        if (name() == std::string_view("io_uring")) return 0;
        if (const fate f = decide(weft::opcode::send, fd); f.error) {
            if (f.at_submit) return 0;
            breaks(weft::opcode::send, fd, f.error);
            return -f.error;
        }
        return real_->try_send(fd, bytes.first(std::min(bytes.size(), most_bytes)));
    }
    std::ptrdiff_t try_send_pieces(weft::native_handle fd,
                                   std::span<const std::span<const std::byte>> pieces) noexcept override {
        return pieces.empty() ? 0 : try_send(fd, pieces.front());
    }
    int try_send_message(const weft::send_message_operation& op) noexcept override {
        const fate f = decide(op.code, op.fd);
        return f.error ? -f.error : real_->try_send_message(op);
    }
    bool wait(weft::nanos deadline) override { return real_->wait(failed_.empty() ? deadline : 0); }
    void dispatch() override {
        for (std::size_t count = failed_.size(); count > 0 && !failed_.empty(); --count) {
            const failure f = failed_.front();
            failed_.pop_front();
            f.op->slot = weft::operation::no_slot;
            completed(*f.op, {-f.error, true});
        }
        real_->dispatch();
    }
    bool has_happened() const noexcept override { return !failed_.empty() || real_->has_happened(); }
    void for_each_submitted(const std::function<void(const weft::operation&)>& visit) const override {
        for (const failure& f : failed_) visit(*f.op);
        real_->for_each_submitted(visit);
    }

private:
    struct kept {
        weft::operation::complete_function complete;
        std::span<const std::byte> bytes;  // a send's, whole
    };
    struct failure {
        weft::operation* op;
        int error;
    };

    /// A socket that says so of a send is broken: the receive will say so too.
    static void breaks(weft::opcode code, weft::native_handle fd, int error) {
        if (code == weft::opcode::send && (error == EPIPE || error == ECONNRESET)) ::shutdown(fd, SHUT_RDWR);
    }

    kept restore(weft::operation& op) noexcept {
        const auto found = kept_.find(&op);
        const kept k = found->second;
        kept_.erase(found);
        op.on_complete = k.complete;
        if (op.code == weft::opcode::send && k.bytes.data()) static_cast<weft::send_operation&>(op).bytes = k.bytes;
        return k;
    }

    static void completed(weft::operation& op, const weft::completion& c) {
        faulty_backend& self = *active;
        if (c.bytes) return self.bring_pieces(op, *c.bytes);
        if (op.code == weft::opcode::send && c.result >= 0) {
            if (self.send_rest(op)) return;
            const kept k = self.restore(op);
            return k.complete(op, {static_cast<int>(k.bytes.size()), true});
        }
        const auto complete = c.last ? self.restore(op).complete : self.kept_.at(&op).complete;
        complete(op, c);
    }
    /// @return false: all of it has been sent
    bool send_rest(weft::operation& op) {
        auto& send = static_cast<weft::send_operation&>(op);
        const auto whole = kept_.at(&op).bytes;
        const auto gone = static_cast<std::size_t>(send.bytes.data() - whole.data()) + send.bytes.size();
        if (gone == whole.size()) return false;
        send.bytes = whole.subspan(gone, std::min(whole.size() - gone, most_bytes));
        real_->submit(op);
        return true;
    }
    void bring_pieces(weft::operation& op, weft::byte_buffer& all) {
        while (!all.empty()) {
            std::size_t count = std::min(all.size(), most_bytes);
            const bool may_reset = reset_after && resets(op.fd);
            if (may_reset) count = std::min(count, *reset_after - std::min(*reset_after, received));
            if (count == 0) {
                real_->cancel(op);
                return restore(op).complete(op, {-ECONNRESET, true});
            }
            if (may_reset) received += count;
            weft::byte_buffer piece(*buffers());
            piece.append(all.bytes().first(count));
            all.consume(count);
            kept_.at(&op).complete(op, {static_cast<int>(count), false, &piece});
            if (!kept_.contains(&op)) return;  // cancelled
        }
        if (reset_after && resets(op.fd) && received >= *reset_after) {
            real_->cancel(op);
            restore(op).complete(op, {-ECONNRESET, true});
        }
    }

    std::map<weft::operation*, kept> kept_;
    std::deque<failure> failed_;
};

}  // namespace weft_test
