// SPDX-License-Identifier: Apache-2.0
// Files as pieces of a transport's output.
#include "io/send_file.hpp"
#include "io/transport_core.hpp"

#include <weft/io/file.hpp>
#include <weft/io/transport.hpp>

#include <cerrno>
#include <coroutine>
#include <new>
#include <string>
#include <system_error>
#include <utility>

namespace weft::inline v0 {

std::size_t transport_core::unsent() const noexcept {
    if (lost_) return 0;
    std::size_t all = sending_.size() + pending_.size();
    for (const auto& f : files_) all += f->behind.size();
    return all;
}

/// More exactly: without what the layer has sent of the present piece, but with the files.
std::uint64_t transport_core::unsent_bytes() const noexcept {
    if (lost_) return 0;
    std::uint64_t all = pending_.size() + (layer_ ? layer_->unsent() : 0);
    for (const auto& f : files_) all += f->left() + f->behind.size();
    return all;
}

void transport_core::require_writable(const char* who) const {
    const auto refuse = [&](const char* why) { throw invalid_state_error(who + (" to " + name()) + ": " + why); };
    if (closing_) refuse("the transport is closing");
    if (eof_wanted_) refuse("write_eof() was called before");
}

file_sender& transport_core::write_file(unique_fd file, std::uint64_t offset, std::uint64_t count) {
    files_.push_back(std::make_unique<file_sender>(loop_, std::move(file), offset, count));
    file_sender& added = *files_.back();  // stays, should the connection be lost at once
    receive_as_needed();
    is_sending_ ? expect_output() : start_sending(false);
    added.throw_if_failed();
    return added;
}

void transport_core::start_sending_file() {
    files_.front()->start(
        *layer_, [](void* self, int error) { static_cast<transport_core*>(self)->on_file_sent(error); }, this);
}

void transport_core::on_file_sent(int error) {
    if (error) return fail("send_file to ", error);
    is_sending_ = false;
    const std::unique_ptr<file_sender> sent = std::move(files_.front());
    files_.erase(files_.begin());
    pending_.swap(sent->behind);
    sent->tell(nullptr);
    if (!is_flushed()) start_sending(false);
    if (files_.empty() && !lost_) schedule();  // goes on reading
    resume_writing_if_little();
    after_output();
}

/// The connection is lost. They stay until the layer has gone, which may be sending from the memory of the first.
void transport_core::give_up_files(std::exception_ptr why) noexcept {
    if (files_.empty()) return;
    try {
        if (!why) {
            why = std::make_exception_ptr(
                std::system_error(ECONNABORTED, std::generic_category(), "send_file to " + name()));
        }
    } catch (const std::bad_alloc&) {
        why = std::current_exception();
    }
    for (const auto& f : files_) {
        f->stop();
        f->tell(why);
    }
}

namespace {
/// What queues files itself.
struct transport_output {
    std::shared_ptr<transport_core> core;
    void require() const { core->require_writable("send_file"); }
    bool is_busy() const noexcept { return false; }
    std::suspend_never until_idle() const noexcept { return {}; }
    file_sender& write_file(unique_fd file, std::uint64_t offset, std::uint64_t count) const {
        return core->write_file(std::move(file), offset, count);
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
