// SPDX-License-Identifier: Apache-2.0
// Other programs, on the other side of a connection.
#pragma once

#include <weft/base/unique_fd.hpp>

#include <gtest/gtest.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace weft_test {

/// A program that runs, with a pipe from its standard output.
class child {
public:
    explicit child(std::vector<std::string> arguments) {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
        output_.reset(ends[0]);
        const weft::unique_fd input(ends[1]);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, input.get(), 1);
        std::vector<char*> texts;
        for (std::string& a : arguments) texts.push_back(a.data());
        texts.push_back(nullptr);
        const int error = ::posix_spawnp(&pid_, texts.front(), &actions, nullptr, texts.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error) throw std::system_error(error, std::generic_category(), arguments.front());
    }
    child(pid_t pid, weft::unique_fd output) : pid_(pid), output_(std::move(output)) {}
    child(const child&) = delete;
    child& operator=(const child&) = delete;
    ~child() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        finish();
    }

    pid_t pid() const { return pid_; }
    std::string read_line() {
        std::string line;
        for (char c = 0; ::read(output_.get(), &c, 1) == 1 && c != '\n';) line += c;
        return line;
    }
    std::string read_all() {
        std::string text;
        for (char c = 0; ::read(output_.get(), &c, 1) == 1;) text += c;
        return text;
    }
    int finish() {
        int status = -1;
        if (pid_ > 0) ::waitpid(std::exchange(pid_, -1), &status, 0);
        return status;
    }

private:
    pid_t pid_ = -1;
    weft::unique_fd output_;
};

/// A Python program that knows asyncio.
inline std::vector<std::string> python(const std::string& program) {
    return {"python3", "-c", "import asyncio, socket, sys\n" + program};
}

inline bool is_installed(const std::string& program) {
    for (const char* folder : {"/usr/local/bin/", "/usr/bin/", "/bin/"}) {
        if (::access((folder + program).c_str(), X_OK) == 0) return true;
    }
    return false;
}

}  // namespace weft_test
