// SPDX-License-Identifier: Apache-2.0
#include "loop/end_of.hpp"
#include "process/subprocess_core.hpp"

#include <weft/process/subprocess_transport.hpp>

#include <stdexcept>
#include <utility>

namespace weft::inline v0 {

// The handle

subprocess_core& subprocess_transport::core() const {
    if (!core_) throw invalid_state_error("the transport is empty");
    return *core_;
}
int subprocess_transport::get_pid() const { return core().child().pid(); }
std::optional<int> subprocess_transport::get_returncode() const { return core().child().returncode(); }
std::optional<exit_status> subprocess_transport::status() const { return core().child().status(); }
transport subprocess_transport::get_pipe_transport(int fd) const { return core().pipe(fd); }
void subprocess_transport::send_signal(int signal) const { core().child().send_signal(signal); }
void subprocess_transport::terminate() const { core().child().terminate(); }
void subprocess_transport::kill() const { core().child().kill(); }
void subprocess_transport::close() const { core().close(); }
bool subprocess_transport::is_closing() const noexcept { return !core_ || core_->is_closing(); }
std::shared_ptr<subprocess_protocol> subprocess_transport::get_protocol() const { return core().protocol(); }

task<> subprocess_transport::wait_closed() const { return end_of({core_, &core().over()}); }

// What a protocol does about what it is not interested in: nothing

void subprocess_protocol::connection_made(subprocess_transport) {}
void subprocess_protocol::pipe_data_received(int, std::span<const std::byte>) {}
void subprocess_protocol::pipe_connection_lost(int, std::exception_ptr) {}
void subprocess_protocol::process_exited() {}

// Starting

task<subprocess_transport> open_subprocess(std::shared_ptr<subprocess_protocol> p, std::vector<std::string> argv,
                                           process_options options) {
    if (!p) throw std::invalid_argument("subprocess_exec: no protocol");
    auto child = co_await spawn_process(std::move(argv), std::move(options));
    struct closing {
        std::shared_ptr<subprocess_core> core;
        ~closing() {
            if (core) core->close();
        }
    } unless_made{std::make_shared<subprocess_core>(std::move(child), std::move(p))};
    co_await unless_made.core->connect();
    co_return subprocess_transport(std::exchange(unless_made.core, nullptr));
}

}  // namespace weft::inline v0
