// SPDX-License-Identifier: Apache-2.0
#include "transaction.hpp"

namespace mini_redis {

bool transaction::add(const command& what, const arguments& args, std::size_t limit_bytes) {
    if (broken_) return true;  // it will not run: to remember more would waste memory
    std::size_t wanted = size_bytes() + sizeof(queued) + args.size() * sizeof(piece);
    for (std::size_t i = 0; i < args.size(); ++i) wanted += args[i].size();
    if (wanted > limit_bytes) {
        mark_broken();
        return false;
    }
    queue_.push_back({&what, pieces_.size(), args.size()});
    for (std::size_t i = 0; i < args.size(); ++i) {
        const std::string_view text = args[i];
        pieces_.push_back({static_cast<std::uint32_t>(bytes_.size()), static_cast<std::uint32_t>(text.size())});
        bytes_.append(text);
    }
    return true;
}

void transaction::close() noexcept {
    constexpr std::size_t keep_bytes = 64 << 10;
    open_ = broken_ = false;
    if (size_bytes() > keep_bytes) {
        *this = transaction();
        return;
    }
    bytes_.clear();
    pieces_.clear();
    queue_.clear();
}

}  // namespace mini_redis
