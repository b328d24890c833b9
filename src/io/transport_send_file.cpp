// SPDX-License-Identifier: Apache-2.0
// Files as pieces of a transport's output.
#include "io/send_file.hpp"
#include "io/transport_core.hpp"

#include <weft/io/file.hpp>
#include <weft/io/transport.hpp>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

std::size_t transport_core::unsent() const noexcept {
    if (lost_) return 0;
    return sending_.size() + pending_.size() + files_.unsent();
}

/// More exactly: without what the layer has sent of the present piece, but with the files.
std::uint64_t transport_core::unsent_bytes() const noexcept {
    if (lost_) return 0;
    return pending_.size() + (layer_ ? layer_->unsent() : 0) + files_.unsent_bytes();
}

void transport_core::require_writable(const char* who) const {
    const auto refuse = [&](const char* why) { throw invalid_state_error(who + (" to " + name()) + ": " + why); };
    if (closing_) refuse("the transport is closing");
    if (eof_wanted_) refuse("write_eof() was called before");
}

void transport_core::write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count) {
    files_.add(loop_, who, std::move(file), offset, count);
    receive_as_needed();
    is_sending_ ? expect_output() : start_sending(false);
}

void transport_core::on_file_sent(int error) {
    if (error && !files_.first().fails_alone(error)) return fail("send_file to ", error);
    is_sending_ = false;
    drop_file(error);
    start_sending(false);
    resume_writing_if_little();
    after_output();
}

/// The first is over.
void transport_core::drop_file(int error) noexcept {
    files_.drop_first(pending_, error ? error_of("send_file to ", error) : nullptr);
    if (files_.empty()) schedule();  // goes on reading
}

/// The connection is lost. They stay until the layer has gone, which may be sending from the memory of the first.
void transport_core::give_up_files(std::exception_ptr why) noexcept {
    if (files_.empty() || files_.is_given_up()) return;
    files_.give_up(why ? why : error_of("send_file to ", ECONNABORTED));
}

namespace {
struct transport_output {
    std::shared_ptr<transport_core> core;
    void require() const { core->require_writable("send_file"); }
    void write_file(send_file_awaiter& who, unique_fd file, std::uint64_t offset, std::uint64_t count) const {
        core->write_file(who, std::move(file), offset, count);
    }
};
}  // namespace

task<std::uint64_t> transport::send_file(native_handle file, std::uint64_t offset,
                                         std::optional<std::uint64_t> count) const {
    static_cast<void>(core());
    return send_descriptor(transport_output{core_}, file, offset, send_file_count(offset, count));
}
task<std::uint64_t> transport::send_file(const file& from, std::uint64_t offset,
                                         std::optional<std::uint64_t> count) const {
    static_cast<void>(core());
    return send_open_file(transport_output{core_}, from.core(), offset, send_file_count(offset, count));
}

}  // namespace weft::inline v0
