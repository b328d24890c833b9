// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "loop/owned_operation.hpp"

#include <weft/loop/event_loop.hpp>
#include <weft/process/process.hpp>

#include <memory>
#include <optional>
#include <string>

namespace weft::inline v0 {

/// A child process and those who wait for its end. Kept by the loop while it runs, by process objects and waits.
class child_core final : public loop_resource, public std::enable_shared_from_this<child_core> {
public:
    /// Made before the child is, so that nothing can go wrong afterwards.
    child_core(event_loop& loop, std::string program);
    ~child_core();

    /// Begins to watch it. @param pidfd  none: the child has gone already, nobody knows how
    void watch(int pid, unique_fd pidfd);

    /// Of a wait that has a pointer to one of these, so many bytes behind its beginning.
    static constexpr wait_subject as_subject(std::size_t pointer_at) {
        return {wait_subject::thing::child, {static_cast<std::uint16_t>(pointer_at), offsetof(child_core, pid_)}};
    }

    int pid() const noexcept { return pid_; }
    const std::optional<exit_status>& status() const noexcept { return status_; }
    void send_signal(int signal);
    void add(exit_awaiter& w) noexcept { waiting_.push_back(w); }
    void detach() noexcept { detached_ = true; }

    void loop_closes() noexcept override;

private:
    void on_ready(const completion& c);
    void reap_or_go_on();
    void go_on();
    void try_later() noexcept;
    bool reap();
    void end(exit_status s, int error = 0);
    void kill_and_reap() noexcept;
    std::string name() const;

    event_loop& loop_;
    int pid_ = 0;
    int parent_;  // whose child it is: not that of a forked copy of this
    unique_fd pidfd_;
    std::string program_;
    owned_operation<poll_operation, child_core, &child_core::on_ready> poll_;
    owned_timer<child_core, &child_core::reap_or_go_on> retry_;
    std::optional<exit_status> status_;
    intrusive_list<exit_awaiter> waiting_;
    std::shared_ptr<child_core> self_;  // the loop's reference, while it runs
    bool detached_ = false;
};

}  // namespace weft::inline v0
