// SPDX-License-Identifier: Apache-2.0
// A backend driven by hand: what the tests of operations have in common.
#pragma once

#include "io/connected.hpp"

#include <fcntl.h>
#include <sys/resource.h>

#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace weft_test {

inline std::size_t open_descriptors() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
    return count;
}

/// While it lives, the process can open `left` more descriptors.
class few_descriptors {
public:
    explicit few_descriptors(std::size_t left) {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        std::vector<weft::unique_fd> lowest;  // the limit is on their numbers, and there may be gaps
        for (std::size_t i = 0; i <= left; ++i) lowest.emplace_back(::fcntl(0, F_DUPFD_CLOEXEC, 0));
        const rlimit low{static_cast<rlim_t>(lowest.back().get()), before_.rlim_max};
        lowest.clear();
        ::setrlimit(RLIMIT_NOFILE, &low);
    }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;
    ~few_descriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

private:
    rlimit before_{};
};

inline std::span<const std::byte> bytes_of(const std::string& s) { return std::as_bytes(std::span(s)); }

/// An operation that keeps what it brings.
template <class Operation>
struct kept : Operation {
    kept() : Operation(completed) {}
    static void completed(weft::operation& op, const weft::completion& c) {
        auto& self = static_cast<kept&>(op);
        self.results.push_back(c.result);
        if (c.bytes) self.text += c.bytes->text();
        self.over = self.over || c.last;
    }
    std::deque<int> results;
    std::string text;
    bool over = false;
};
using accepting = kept<weft::accept_operation>;
using receiving = kept<weft::receive_operation>;
using sending = kept<weft::send_operation>;
using connecting = kept<weft::connect_operation>;
using polling = kept<weft::poll_operation>;

class operations : public testing::Test {
protected:
    std::unique_ptr<weft::backend> backend_ = weft::make_backend();

    /// Turns until `done()`. The deadline is for a backend that has lost something, not waited for otherwise.
    template <class F>
    void turn_until(F done) {
        const weft::nanos deadline = backend_->now() + 10'000'000'000;
        while (!done()) {
            ASSERT_LT(backend_->now(), deadline) << "nothing came";
            backend_->wait(deadline);
            backend_->dispatch();
        }
    }
    /// Turns in which nothing is waited for.
    void turn_a_little() {
        for (int i = 0; i < 5; ++i) {
            backend_->wait(0);
            backend_->dispatch();
        }
    }
    template <class Operation>
    void submit(Operation& op, const weft::unique_fd& fd) {
        op.fd = fd.get();
        backend_->submit(op);
    }
    static void make_nonblocking(const weft::unique_fd& fd) { ::fcntl(fd.get(), F_SETFL, O_NONBLOCK); }
};

}  // namespace weft_test
