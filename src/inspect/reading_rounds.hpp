// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// Reads what was asked for in one go, hands it over, then what was asked for meanwhile, and so on. So a pointer is followed in
/// a hundred thousand tasks by as many system calls as it is long, times a hundred.
class reading_rounds {
public:
    explicit reading_rounds(const target_memory& memory) noexcept : memory_(memory) {}

    /// `then(bytes)` is called by run(), unless that memory cannot be read.
    void ask(std::uint64_t address, std::size_t count, std::function<void(const std::byte*)> then) {
        asked_.push_back({address, count, std::move(then)});
    }
    /// The same for a value. `then` is called with it.
    template <class T, class Then>
    void ask(std::uint64_t address, Then then) {
        ask(address, sizeof(T), [then = std::move(then)](const std::byte* bytes) {
            T value;
            std::memcpy(&value, bytes, sizeof value);
            then(value);
        });
    }

    void run() {
        while (!asked_.empty()) {
            const std::vector<question> now = std::exchange(asked_, {});
            std::size_t total = 0;
            for (const question& q : now) total += q.count;
            std::vector<std::byte> bytes(total);
            std::vector<memory_request> requests;
            requests.reserve(now.size());
            std::size_t at = 0;
            for (const question& q : now) {
                requests.push_back({q.address, std::span(bytes).subspan(at, q.count)});
                at += q.count;
            }
            memory_.read(requests);
            for (std::size_t i = 0; i < now.size(); ++i) {
                if (requests[i].is_read) now[i].then(requests[i].into.data());
            }
        }
    }

private:
    struct question {
        std::uint64_t address;
        std::size_t count;
        std::function<void(const std::byte*)> then;
    };
    const target_memory& memory_;
    std::vector<question> asked_;
};

}  // namespace weft::inline v0
