// SPDX-License-Identifier: Apache-2.0
// Servers as child processes, in folders that go with them.
#pragma once

#include "net/child.hpp"

#include <weft/weft.hpp>

#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace client_tests {

class temporary_folder {
public:
    temporary_folder() {
        if (!::mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / "weft-clients-XXXXXX").string();
};

/// Looks again and again. @throws std::runtime_error  it does not come true
inline void wait_until(const std::string& what, const std::function<bool()>& is_true) {
    weft::run([](const std::string& coming, const std::function<bool()>& has_come) -> weft::task<> {
        for (int look = 0; !has_come(); ++look) {
            if (look == 3000) throw std::runtime_error("in vain: waited until " + coming);
            co_await weft::sleep(std::chrono::milliseconds(10));
        }
    }(what, is_true));
}

/// A server that is ended as it wants to be, and by itself if the test is gone.
class server_process {
public:
    server_process(std::vector<std::string> words, int farewell)
        : farewell_(farewell), child_([&words] {
              words.insert(words.begin(), {"timeout", "110"});
              return std::move(words);
          }()) {}
    ~server_process() {
        ::kill(child_.pid(), farewell_);  // which timeout passes on
        child_.finish();
    }
    std::string read_line() { return child_.read_line(); }

private:
    const int farewell_;
    weft_test::child child_;
};

/// Debian's Redis, on a Unix socket and on no port.
class redis {
public:
    redis()
        : process_({"redis-server", "--port", "0", "--unixsocket", socket(), "--save", "", "--appendonly", "no",
                    "--dir", folder_.path(), "--loglevel", "warning", "--logfile", folder_ / "log", "--maxclients",
                    "2000",
                    // hiredis does not wait for room in the queue of a Unix socket that does not accept fast enough
                    "--tcp-backlog", "1024",
                    // and it ends waits when it looks, which else is ten times a second
                    "--hz", "100"},
                   SIGTERM) {
        wait_until("redis-server listens", [this] {
            sockaddr_un at{};
            at.sun_family = AF_UNIX;
            socket().copy(at.sun_path, sizeof at.sun_path - 1);
            const weft::unique_fd trial(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
            return ::connect(trial.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
        });
    }
    std::string socket() const { return folder_ / "socket"; }

private:
    temporary_folder folder_;
    server_process process_;
};

/// Our own, on a port that it chooses.
class mini_redis {
public:
    mini_redis() : process_({WEFT_TEST_MINI_REDIS, "--port", "0"}, SIGTERM) {
        const std::string line = process_.read_line();  // "mini_redis is listening on 127.0.0.1:4711"
        port_ = std::atoi(line.substr(line.rfind(':') + 1).c_str());
        if (port_ == 0) throw std::runtime_error("mini_redis says: " + line);
    }
    int port() const { return port_; }

private:
    server_process process_;
    int port_ = 0;
};

}  // namespace client_tests
