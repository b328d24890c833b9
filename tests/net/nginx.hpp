// SPDX-License-Identifier: Apache-2.0
// nginx as a child process with a configuration of the test's, and HTTP spoken by hand.
#pragma once

#include <weft/weft.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace weft_test {

/// A server of nginx's that needs no rights, leaves nothing behind, and listens before it runs: its sockets are the
/// test's, handed over as one nginx hands them to the next when it is upgraded. So no port is taken by others, and nobody
/// has to wait until it is up.
class nginx {
public:
    nginx() {
        if (!::mkdtemp(folder_.data())) throw std::system_error(errno, std::generic_category(), "mkdtemp");
    }
    nginx(const nginx&) = delete;
    nginx& operator=(const nginx&) = delete;
    ~nginx() {
        if (pid_ > 0) {
            ::kill(pid_, SIGTERM);  // which timeout passes on
            ::waitpid(pid_, nullptr, 0);
        }
        if (testing::Test::HasFailure() || std::uncaught_exceptions() > 0)
            std::fprintf(stderr, "nginx says: %s\n", log().c_str());
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    static std::optional<std::string> program() {
        for (const char* at : {"/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/local/bin/nginx", "/usr/bin/nginx"}) {
            if (::access(at, X_OK) == 0) return at;
        }
        return std::nullopt;
    }

    /// The path of `name` in a folder that goes with this.
    std::string operator/(const std::string& name) const { return folder_ + "/" + name; }
    std::string write(const std::string& name, const std::string& text) const {
        std::ofstream(*this / name) << text;
        return *this / name;
    }

    /// Its next socket: a port of 127.0.0.1.
    std::uint16_t listen() {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t bytes = sizeof at;
        const int fd = listen_at(reinterpret_cast<sockaddr&>(at), bytes);
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &bytes);
        return ntohs(at.sin_port);
    }
    /// Or a Unix socket in the folder. @return its path
    std::string listen_unix(const std::string& name) {
        const std::string path = *this / name;
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        path.copy(at.sun_path, sizeof at.sun_path - 1);
        listen_at(reinterpret_cast<sockaddr&>(at), sizeof at);
        return path;
    }

    /// @param http  what its http block has of the test's  @param events  and its events block
    void start(const std::string& http, const std::string& events = {}) {
        const std::string configuration =
            write("nginx.conf", "daemon off; worker_processes 1; pid nginx.pid; lock_file nginx.lock;\n"
                                "error_log error.log info;\n" +
                                    std::string(::geteuid() == 0 ? "user root root;\n" : "") + "events {" + events +
                                    "}\n"
                                    "http {\n"
                                    "access_log off; sendfile on; root .; default_type text/plain;\n"
                                    "client_body_temp_path body; client_max_body_size 0; proxy_temp_path proxy;\n"
                                    "fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;\n" +
                                    http + "\n}\n");
        std::vector<std::string> words = {"env", "NGINX=", "timeout", "30",         *program(),
                                          "-p",  folder_,  "-c",      configuration};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        const std::string output = *this / "output";
        posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT, 0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        for (int number = 100; const weft::unique_fd& fd : sockets_) {
            posix_spawn_file_actions_adddup2(&actions, fd.get(), number);
            words[1] += std::to_string(number++) + ";";
        }
        std::vector<char*> texts;
        for (std::string& word : words) texts.push_back(word.data());
        texts.push_back(nullptr);
        const int error = ::posix_spawnp(&pid_, "env", &actions, nullptr, texts.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (error) throw std::system_error(error, std::generic_category(), "env nginx");
        sockets_.clear();  // so that, if it does not come up, whoever connects is told
    }

    /// What it said so far, of which something is only of use when a test has failed.
    std::string log() const {
        std::stringstream all;
        for (const char* name : {"output", "error.log"}) {
            if (std::ifstream file(*this / name); file.peek() != EOF) all << file.rdbuf();
        }
        return all.str();
    }

private:
    int listen_at(const sockaddr& at, socklen_t bytes) {
        weft::unique_fd fd(::socket(at.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        if (!fd || ::bind(fd.get(), &at, bytes) != 0 || ::listen(fd.get(), 64) != 0)
            throw std::system_error(errno, std::generic_category(), "nginx: listen");
        sockets_.push_back(std::move(fd));
        return sockets_.back().get();
    }

    std::string folder_ = (std::filesystem::temp_directory_path() / "weft-nginx-XXXXXX").string();
    std::vector<weft::unique_fd> sockets_;
    pid_t pid_ = -1;
};

/// A request or a reply.
struct http_message {
    std::string first_line;
    std::map<std::string, std::string> fields;  // by lower-case names
    std::string body;

    std::string field(const std::string& name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? "" : found->second;
    }
};

/// @return empty: the stream is at its end
inline weft::task<std::optional<http_message>> read_http(weft::stream& s) {
    auto line = co_await s.read_line();
    if (!line) co_return std::nullopt;
    http_message m{.first_line = *line, .fields = {}, .body = {}};
    while (!(line = co_await s.read_line()).value_or("").empty()) {
        const auto colon = line->find(": ");
        if (colon == std::string::npos) throw std::runtime_error("no field of HTTP: " + *line);
        std::string name = line->substr(0, colon);
        for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
        m.fields[name] = line->substr(colon + 2);
    }
    if (const std::string length = m.field("content-length"); !length.empty())
        m.body = co_await s.read_exactly(std::stoul(length));
    co_return m;
}

/// Asks for a page, in a conversation that goes on.
inline weft::task<http_message> get_page(weft::stream& s, std::string path) {
    co_await s.write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    auto reply = co_await read_http(s);
    if (!reply) throw std::runtime_error("no reply to GET " + path);
    co_return *std::move(reply);
}

/// A reply with a body of text.
inline std::string http_reply(const std::string& body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Text of which no two places look alike.
inline std::string varied_text(std::size_t bytes) {
    std::string text;
    text.reserve(bytes + 8);
    for (std::uint32_t i = 0; text.size() < bytes; ++i) text += std::to_string(i * 2654435761u) + ' ';
    text.resize(bytes);
    return text;
}

/// Of real time: another program takes its own.
template <class F>
void run_with_nginx(F main) {
    if (!nginx::program()) GTEST_SKIP() << "nginx is not installed";
    weft::run(weft::wait_for(main(), std::chrono::seconds(30)));
}

}  // namespace weft_test
