// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

#include <cstdint>
#include <cstring>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::inline v0 {

/// What was read somewhere, to be compared with what is there later.
struct seen_memory {
    std::uint64_t address;
    std::uint32_t count;
    std::size_t hash;

    static std::size_t hash_of(const std::byte* bytes, std::size_t count) noexcept {
        return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes), count});
    }
};

/// Reads what was asked for in one go, hands it over, then what was asked for meanwhile, and so on. So a pointer is followed in
/// a hundred thousand tasks by as many system calls as it is long, times a hundred.
class reading_rounds {
public:
    explicit reading_rounds(const target_memory& memory) noexcept : memory_(memory) {}

    /// `then(bytes)` is called by run(), unless that memory cannot be read, or too much has been asked for.
    /// @param evidence  what was read is noted there, if it is not null
    void ask(std::uint64_t address, std::size_t count, std::vector<seen_memory>* evidence,
             std::function<void(const std::byte*)> then) {
        if (left_ == 0) return;
        --left_;
        asked_.push_back({address, count, evidence, std::move(then)});
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
                if (!requests[i].is_read) continue;
                const std::byte* const read = requests[i].into.data();
                if (now[i].evidence)
                    now[i].evidence->push_back({now[i].address, static_cast<std::uint32_t>(now[i].count),
                                                seen_memory::hash_of(read, now[i].count)});
                now[i].then(read);
            }
        }
    }

private:
    struct question {
        std::uint64_t address;
        std::size_t count;
        std::vector<seen_memory>* evidence;
        std::function<void(const std::byte*)> then;
    };
    const target_memory& memory_;
    std::vector<question> asked_;
    std::size_t left_ = 20'000'000;  // a memory that leads in circles ends
};

}  // namespace weft::inline v0
