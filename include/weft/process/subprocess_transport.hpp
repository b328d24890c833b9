// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/io/connect_protocol.hpp>
#include <weft/io/transport.hpp>
#include <weft/process/exit_status.hpp>
#include <weft/process/process_options.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft::inline v0 {

class subprocess_core;
class subprocess_protocol;

/// What a subprocess protocol drives its child process by. A handle, to be copied like a pointer, as transport is.
/// @thread its loop's  @see asyncio.SubprocessTransport
class subprocess_transport {
public:
    subprocess_transport() noexcept = default;
    explicit subprocess_transport(std::shared_ptr<subprocess_core> core) noexcept : core_(std::move(core)) {}
    explicit operator bool() const noexcept { return core_ != nullptr; }
    bool operator==(const subprocess_transport&) const = default;

    int get_pid() const;
    /// Empty until its end has been noticed. The exit code, or minus the signal.
    std::optional<int> get_returncode() const;
    std::optional<exit_status> status() const;
    /// The transport of its stdin (0), stdout (1) or stderr (2); empty for one that is no pipe.
    transport get_pipe_transport(int fd) const;

    /// @throws std::system_error (no_such_process)  its end has been noticed before; (operation_not_permitted)
    void send_signal(int signal) const;
    void terminate() const;  ///< SIGTERM
    void kill() const;       ///< SIGKILL
    /// Closes its pipes, and kills it if it still runs. Idempotent.
    void close() const;
    bool is_closing() const noexcept;
    /// Waits until connection_lost() has been called.
    task<> wait_closed() const;

    /// Null once connection_lost() has been called.
    std::shared_ptr<subprocess_protocol> get_protocol() const;

private:
    subprocess_core& core() const;
    std::shared_ptr<subprocess_core> core_;
};

/// A callable that gives a std::shared_ptr or std::unique_ptr to a subprocess protocol.
template <class F>
concept subprocess_protocol_factory = requires(F& f) {
    typename std::invoke_result_t<F&>::element_type;
    requires std::constructible_from<std::shared_ptr<subprocess_protocol>, std::invoke_result_t<F&>>;
};

template <class P>
struct connected_subprocess {
    subprocess_transport transport;
    std::shared_ptr<P> protocol;
};

/// As spawn_process(), called back. @throws what spawn_process() throws; std::invalid_argument  no protocol
/// @cancel the child is killed
task<subprocess_transport> open_subprocess(std::shared_ptr<subprocess_protocol> p, std::vector<std::string> argv,
                                           process_options options);

/// Starts a program whose pipes and end a protocol is told of; all three standard streams are pipes unless `options` says
/// otherwise. When this ends connection_made() has been called.
///
///     auto [transport, protocol] = co_await weft::subprocess_exec([] { return std::make_unique<counter>(); }, {"wc"});
///
/// @see loop.subprocess_exec, spawn_process
template <subprocess_protocol_factory Factory>
task<connected_subprocess<typename std::invoke_result_t<Factory&>::element_type>>
subprocess_exec(Factory factory, std::vector<std::string> argv,
                process_options options = {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe}) {
    connected_subprocess<typename std::invoke_result_t<Factory&>::element_type> made;
    made.protocol = factory();
    made.transport = co_await open_subprocess(made.protocol, std::move(argv), std::move(options));
    co_return made;
}

/// The same for a command that /bin/sh runs (see run_shell). @see loop.subprocess_shell
template <subprocess_protocol_factory Factory>
auto subprocess_shell(Factory factory, std::string command,
                      process_options options = {.stdin_ = pipe, .stdout_ = pipe, .stderr_ = pipe}) {
    std::vector<std::string> argv = {"/bin/sh", "-c", std::move(command)};
    return subprocess_exec(std::move(factory), std::move(argv), std::move(options));
}

}  // namespace weft::inline v0
