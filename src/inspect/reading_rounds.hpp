// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/inspect/target_memory.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
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

    /// Allows for what a task takes. Whoever asks for more than all tasks together may is not answered: memory that leads in
    /// circles, or names lengths at random, ends here.
    void allow_for_a_task() noexcept {
        left_ = std::min(left_ + 1000, most_questions);
        left_bytes_ = std::min(left_bytes_ + (1 << 16), most_bytes);
    }

    /// `then(bytes)` is called by run(), unless that memory cannot be read, or too much has been asked for.
    /// @param evidence  what was read is noted there, if it is not null
    void ask(std::uint64_t address, std::size_t count, std::vector<seen_memory>* evidence,
             std::function<void(const std::byte*)> then) {
        if (left_ == 0 || left_bytes_ < count) return;
        --left_;
        left_bytes_ -= count;
        asked_.push_back({address, count, evidence, std::move(then)});
    }

    void run() {
        while (!asked_.empty()) {
            const std::vector<question> now = std::exchange(asked_, {});
            for (std::size_t first = 0; first < now.size();) first = answer(now, first);
        }
    }

private:
    struct question {
        std::uint64_t address;
        std::size_t count;
        std::vector<seen_memory>* evidence;
        std::function<void(const std::byte*)> then;
    };
    /// As many as fit into some megabytes. @return the first that did not
    std::size_t answer(const std::vector<question>& all, std::size_t first) {
        constexpr std::size_t bytes_at_once = 8 << 20;
        std::size_t last = first, total = 0;
        do total += all[last++].count;
        while (last < all.size() && total + all[last].count <= bytes_at_once);
        const auto bytes = std::make_unique_for_overwrite<std::byte[]>(total);
        std::vector<memory_request> requests;
        requests.reserve(last - first);
        std::size_t at = 0;
        for (std::size_t i = first; i < last; ++i) {
            requests.push_back({all[i].address, std::span(bytes.get(), total).subspan(at, all[i].count)});
            at += all[i].count;
        }
        memory_.read(requests);
        for (std::size_t i = first; i < last; ++i) {
            const memory_request& r = requests[i - first];
            if (!r.is_read) continue;
            if (all[i].evidence)
                all[i].evidence->push_back({all[i].address, static_cast<std::uint32_t>(all[i].count),
                                            seen_memory::hash_of(r.into.data(), all[i].count)});
            all[i].then(r.into.data());
        }
        return last;
    }

    static constexpr std::size_t most_questions = 20'000'000, most_bytes = std::size_t(4) << 30;
    const target_memory& memory_;
    std::vector<question> asked_;
    std::size_t left_ = 1'000'000, left_bytes_ = 64 << 20;
};

}  // namespace weft::inline v0
