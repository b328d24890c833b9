// SPDX-License-Identifier: Apache-2.0
// Another program on the other side: run on a thread of the loop's pool, so that a virtual clock waits for it.
#pragma once

#include <weft/weft.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <spawn.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>

extern char** environ;

namespace weft_test {

/// What a finished program said, on both of its outputs, and its exit status.
struct said {
    std::string text;
    int status = -1;
};

/// A shell command that runs beside the test, at most for 30 seconds; killed with its object.
class child {
public:
    explicit child(const std::string& command) {
        int out[2], in[2];
        if (::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(in, O_CLOEXEC) != 0) throw std::runtime_error("child: pipe2");
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
        ::posix_spawn_file_actions_adddup2(&actions, out[1], 2);
        const std::string bounded = "exec timeout 30 " + command;
        const char* const words[] = {"sh", "-c", bounded.c_str(), nullptr};
        const int result = ::posix_spawn(&pid_, "/bin/sh", &actions, nullptr, const_cast<char**>(words), environ);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(in[0]);
        ::close(out[1]);
        to_.reset(in[1]);
        from_.reset(out[0]);
        if (result != 0) throw std::runtime_error("child: " + command);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);  // which timeout passes on
        ::waitpid(pid_, nullptr, 0);
    }

    /// The next line that it says, without its end; empty at the end of its output.
    weft::task<std::string> line() {
        return on_thread([this] { return read_line(); });
    }
    /// Everything until it ends.
    weft::task<said> end() {
        return on_thread([this] {
            said all;
            char part[4096];
            for (ssize_t n = 0; (n = ::read(from_.get(), part, sizeof part)) > 0;) {
                all.text.append(part, static_cast<std::size_t>(n));
            }
            int status = 0;
            ::waitpid(std::exchange(pid_, -1), &status, 0);
            all.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
            return all;
        });
    }
    /// To its standard input.
    void tell(std::string_view text) {
        if (::write(to_.get(), text.data(), text.size()) < 0) throw std::runtime_error("child: write");
    }
    void close_input() { to_.reset(); }

private:
    template <class F>
    static weft::task<std::invoke_result_t<F>> on_thread(F f) {
        co_return co_await weft::to_thread(std::move(f));
    }
    std::string read_line() {
        std::string text;
        for (char c = 0; ::read(from_.get(), &c, 1) == 1 && c != '\n';) text += c;
        return text;
    }

    pid_t pid_ = -1;
    weft::unique_fd to_, from_;
};

inline bool has_program(const std::string& name) {
    return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace weft_test
