// SPDX-License-Identifier: Apache-2.0
// Files as pieces of a stream's output.
#include "io/send_file.hpp"
#include "io/stream_core.hpp"

#include <weft/io/file.hpp>
#include <weft/io/stream.hpp>

#include <utility>

namespace weft::inline v0 {

namespace {
/// What throws if the stream goes meanwhile.
struct stream_output {
    stream_link link;
    void require() const { link.core(); }
    void write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count) const {
        link.core().write_file(who, std::move(file), offset, count);
    }
};
}  // namespace

task<std::uint64_t> stream::send_file(native_handle file, std::uint64_t offset, std::optional<std::uint64_t> count) {
    return send_descriptor(stream_output{stream_link(core())}, file, offset, send_file_count(offset, count));
}
task<std::uint64_t> stream::send_file(const file& from, std::uint64_t offset, std::optional<std::uint64_t> count) {
    return send_open_file(stream_output{stream_link(core())}, from.core(), offset, send_file_count(offset, count));
}

}  // namespace weft::inline v0
