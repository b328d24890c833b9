// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "inspect/process_memory.hpp"

#include <weft/base/clock.hpp>
#include <weft/inspect/target_memory.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

namespace weft_test {

/// All of a process's memory that somebody has read until freeze(); from then on it can be written, and be mended again.
class captured_memory final : public weft::target_memory {
public:
    explicit captured_memory(int pid) : process_(std::in_place, pid), files_(process_->files()) {}

    using target_memory::read;
    void read(std::span<weft::memory_request> all) const override {
        for (weft::memory_request& r : all) {
            ++requests_;
            bytes_ += r.into.size();
            if (process_) note(r);
            r.is_read = copy(r.address, r.into);
        }
    }
    std::vector<weft::mapped_file> files() const override { return files_; }

    void freeze() {
        process_.reset();
        places_.assign(noted_.begin(), noted_.end());
        whole_ = pages_;
    }
    void mend() { pages_ = whole_; }
    void lose_pages(auto is_lost) {
        std::erase_if(pages_, [&](const auto&) { return is_lost(); });
    }
    std::uint64_t get(std::uint64_t address) const {
        std::uint64_t word = 0;
        if (!copy(address, std::as_writable_bytes(std::span(&word, 1)))) throw std::logic_error("it was not captured");
        return word;
    }
    void put(std::uint64_t address, std::uint64_t word) {
        const auto bytes = std::as_bytes(std::span(&word, 1));
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const auto page = pages_.find((address + i) / page_bytes);
            if (page != pages_.end()) page->second[(address + i) % page_bytes] = bytes[i];
        }
    }

    /// Words that were read: where damage is seen.
    const std::vector<std::uint64_t>& places() const { return places_; }
    std::int64_t now() const { return now_; }
    /// How often, and how much, it has been asked for.
    std::size_t requests() const { return requests_; }
    std::size_t bytes() const { return bytes_; }

private:
    static constexpr std::size_t page_bytes = 4096;
    using page = std::array<std::byte, page_bytes>;

    void note(const weft::memory_request& r) const {
        for (std::uint64_t at = r.address / 8 * 8; at < r.address + r.into.size(); at += 8) {
            const auto found = pages_.try_emplace(at / page_bytes);
            if (found.second) {
                weft::memory_request whole{at / page_bytes * page_bytes, found.first->second};
                process_->read(std::span(&whole, 1));
                if (!whole.is_read) {
                    pages_.erase(found.first);
                    return;
                }
            }
            noted_.insert(at);
        }
    }
    bool copy(std::uint64_t address, std::span<std::byte> into) const {
        while (!into.empty()) {
            const auto found = pages_.find(address / page_bytes);
            if (found == pages_.end()) return false;
            const std::size_t at = address % page_bytes, count = std::min(into.size(), page_bytes - at);
            std::memcpy(into.data(), found->second.data() + at, count);
            into = into.subspan(count);
            address += count;
        }
        return true;
    }

    std::optional<weft::process_memory> process_;
    std::vector<weft::mapped_file> files_;
    std::int64_t now_ = weft::to_nanos(weft::clock::now());
    mutable std::map<std::uint64_t, page> pages_;
    std::map<std::uint64_t, page> whole_;
    mutable std::set<std::uint64_t> noted_;
    std::vector<std::uint64_t> places_;
    mutable std::size_t requests_ = 0, bytes_ = 0;
};

}  // namespace weft_test
