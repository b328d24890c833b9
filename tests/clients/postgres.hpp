// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "clients/beside.hpp"

#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace client_tests {

/// Debian's PostgreSQL with an empty cluster of its own, on a Unix socket, for more than a thousand connections. It refuses to
/// be run by root, who has nobody run it.
class postgres {
public:
    postgres() {
        run_to_its_end({programs().value() + "/initdb", "-D", folder_ / "data", "-U", "weft", "-A", "trust", "-E",
                        "UTF8", "--no-locale", "--no-sync", "--no-instructions"});
        std::vector<std::string> words = {
            programs().value() + "/postgres", "-D", folder_ / "data", "-k", folder_.path(), "-h", ""};
        for (const char* setting : {"max_connections=1100", "fsync=off", "shared_buffers=16MB", "autovacuum=off",
                                    "jit=off", "wal_level=minimal", "max_wal_senders=0", "log_destination=stderr",
                                    "logging_collector=on", "log_directory=.", "dynamic_shared_memory_type=mmap"}) {
            words.insert(words.end(), {"-c", setting});
        }
        process_.emplace(as_nobody(std::move(words)), SIGINT);  // "fast": it ends its clients' connections
        wait_until("PostgreSQL answers", [this] { return PQping(conninfo().c_str()) == PQPING_OK; });
    }

    /// Where initdb and postgres are, which are in nobody's PATH.
    static std::optional<std::string> programs() {
        std::error_code none;
        for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
            if (::access((version.path() / "bin/postgres").c_str(), X_OK) == 0)
                return (version.path() / "bin").string();
        }
        return std::nullopt;
    }

    std::string conninfo() const {
        return "host=" + folder_.path() + " user=weft dbname=postgres sslmode=disable gssencmode=disable";
    }

private:
    /// And gives the folder to whom it is run by.
    std::vector<std::string> as_nobody(std::vector<std::string> words) const {
        const passwd* const nobody = ::geteuid() == 0 ? ::getpwnam("nobody") : nullptr;
        if (!nobody) return words;
        if (::chown(folder_.path().c_str(), nobody->pw_uid, nobody->pw_gid) != 0) throw std::runtime_error("chown");
        words.insert(words.begin(), {"setpriv", "--reuid=" + std::to_string(nobody->pw_uid),
                                     "--regid=" + std::to_string(nobody->pw_gid), "--clear-groups"});
        return words;
    }
    void run_to_its_end(std::vector<std::string> words) const {
        weft_test::child program(as_nobody(std::move(words)));
        const std::string output = program.read_all();
        if (program.finish() != 0) throw std::runtime_error("initdb says: " + output);
    }

    temporary_folder folder_;
    std::optional<server_process> process_;
};

}  // namespace client_tests
