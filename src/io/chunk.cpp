// SPDX-License-Identifier: Apache-2.0
#include "base/buffer_pool.hpp"

#include <weft/io/chunk.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

chunk::chunk(chunk&& o) noexcept
    : pool_(std::move(o.pool_)),
      data_(std::exchange(o.data_, nullptr)),
      capacity_(std::exchange(o.capacity_, 0)),
      begin_(std::exchange(o.begin_, 0)),
      end_(std::exchange(o.end_, 0)) {}

chunk& chunk::operator=(chunk&& o) noexcept {
    if (this != &o) {
        this->~chunk();
        new (this) chunk(std::move(o));
    }
    return *this;
}

chunk::~chunk() {
    if (data_) pool_->release(data_, capacity_);
}

void chunk::remove_prefix(std::size_t count) {
    if (count > size()) throw std::out_of_range("chunk::remove_prefix: it has fewer bytes");
    begin_ += count;
}
void chunk::remove_suffix(std::size_t count) {
    if (count > size()) throw std::out_of_range("chunk::remove_suffix: it has fewer bytes");
    end_ -= count;
}

}  // namespace weft::inline v0
