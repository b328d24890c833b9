// SPDX-License-Identifier: Apache-2.0
#include "process/spawn.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace weft::inline v0 {

namespace {

constexpr const char* stream_names[] = {"stdin", "stdout", "stderr"};

stdio standard(const process_options& o, int number) {
    return number == 0 ? o.stdin_ : number == 1 ? o.stdout_ : o.stderr_;
}

[[noreturn]] void fail(const std::string& program, int error, const std::string& what = {}) {
    throw std::system_error(error, std::generic_category(),
                            "spawn \"" + program + "\"" + (what.empty() ? "" : ": " + what));
}

/// What the child does before it runs the program.
class spawn_actions {
public:
    explicit spawn_actions(const std::string& program) : program_(program) {
        check(::posix_spawn_file_actions_init(&actions_));
    }
    spawn_actions(const spawn_actions&) = delete;
    spawn_actions& operator=(const spawn_actions&) = delete;
    ~spawn_actions() { ::posix_spawn_file_actions_destroy(&actions_); }

    const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

    void change_directory(const std::string& to) {
        check(::posix_spawn_file_actions_addchdir_np(&actions_, to.c_str()));
    }
    void set_standard(const process_options& options, const child_ends& ends) {
        for (int i = 0; i < 3; ++i) {
            const stdio s = standard(options, i);
            switch (s.what()) {
                case stdio::kind::inherit: break;
                case stdio::kind::pipe: copy(out_of_the_way(ends[static_cast<std::size_t>(i)], i), i); break;
                case stdio::kind::descriptor: copy(out_of_the_way(s.handle(), i), i); break;
                case stdio::kind::devnull:
                    check(::posix_spawn_file_actions_addopen(&actions_, i, "/dev/null", O_RDWR, 0));
                    break;
                case stdio::kind::to_stdout: copy(1, i); break;
            }
        }
    }
    /// Closes all others but those that are passed.
    void close_others(std::vector<native_handle> passed) {
        std::sort(passed.begin(), passed.end());
        int next = 3;
        for (const native_handle fd : passed) {
            if (fd < next) continue;  // a standard one; twice
            if (::fcntl(fd, F_GETFD) < 0) fail(program_, errno, "pass_fds: descriptor " + std::to_string(fd));
            for (; next < fd; ++next) check(::posix_spawn_file_actions_addclose(&actions_, next));
            copy(fd, fd);  // which only makes it inheritable
            next = fd + 1;
        }
        check(::posix_spawn_file_actions_addclosefrom_np(&actions_, next));
    }

private:
    void check(int error) const {
        if (error) fail(program_, error);
    }
    void copy(native_handle from, int to) { check(::posix_spawn_file_actions_adddup2(&actions_, from, to)); }

    /// A descriptor below 3 that is to become another one of the three would be overwritten before its turn: a copy.
    native_handle out_of_the_way(native_handle fd, int number) {
        const int minimum = fd == number ? -1 : 3;
        if (::fcntl(fd, F_GETFD) < 0) {
            fail(program_, errno, std::string(stream_names[number]) + ": descriptor " + std::to_string(fd));
        }
        if (fd >= minimum) return fd;
        unique_fd higher(::fcntl(fd, F_DUPFD_CLOEXEC, minimum));
        if (!higher) fail(program_, errno, std::string(stream_names[number]) + ": fcntl(F_DUPFD_CLOEXEC)");
        copies_.push_back(std::move(higher));
        return copies_.back().get();
    }

    const std::string& program_;
    posix_spawn_file_actions_t actions_{};
    std::vector<unique_fd> copies_;
};

class spawn_attributes {
public:
    spawn_attributes(const std::string& program, const process_options& options) {
        if (const int error = ::posix_spawnattr_init(&attributes_)) fail(program, error);
        int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
        sigset_t signals;
        ::sigemptyset(&signals);
        ::posix_spawnattr_setsigmask(&attributes_, &signals);
        ::sigfillset(&signals);
        ::posix_spawnattr_setsigdefault(&attributes_, &signals);
        if (options.new_session) flags |= POSIX_SPAWN_SETSID;
        if (options.process_group) {
            flags |= POSIX_SPAWN_SETPGROUP;
            ::posix_spawnattr_setpgroup(&attributes_, *options.process_group);
        }
        ::posix_spawnattr_setflags(&attributes_, static_cast<short>(flags));
    }
    spawn_attributes(const spawn_attributes&) = delete;
    spawn_attributes& operator=(const spawn_attributes&) = delete;
    ~spawn_attributes() { ::posix_spawnattr_destroy(&attributes_); }

    const posix_spawnattr_t* get() const noexcept { return &attributes_; }

private:
    posix_spawnattr_t attributes_{};
};

/// Strings as exec wants them.
class string_array {
public:
    explicit string_array(std::vector<std::string> strings) : strings_(std::move(strings)) {
        for (std::string& s : strings_) pointers_.push_back(s.data());
        pointers_.push_back(nullptr);
    }
    string_array(const string_array&) = delete;
    string_array& operator=(const string_array&) = delete;
    char* const* get() const noexcept { return pointers_.data(); }

private:
    std::vector<std::string> strings_;
    std::vector<char*> pointers_;
};

environment environment_of(const process_options& options) {
    environment all = options.env ? *options.env : current_environment();
    for (const auto& [name, value] : options.extra_env) all[name] = value;
    return all;
}

std::vector<std::string> as_strings(const environment& env) {
    std::vector<std::string> strings;
    for (const auto& [name, value] : env) strings.push_back(name + "=" + value);
    return strings;
}

/// Where a program is looked for: in each directory of the child's PATH, as Python does.
std::vector<std::string> candidates(const std::string& program, const environment& env) {
    if (program.find('/') != std::string::npos) return {program};
    const auto found = env.find("PATH");
    std::string_view path = found == env.end() ? std::string_view("/bin:/usr/bin") : found->second;
    std::vector<std::string> files;
    for (;;) {
        const auto colon = path.find(':');
        const std::string directory(path.substr(0, colon));
        files.push_back(directory.empty() ? "./" + program : directory + "/" + program);
        if (colon == std::string_view::npos) return files;
        path.remove_prefix(colon + 1);
    }
}

/// Why a file cannot be run, as far as that can be seen before a child is made; 0: it may be.
int unfit(const std::string& file, const std::string& cwd) {
    const std::string path = file.starts_with('/') || cwd.empty() ? file : cwd + "/" + file;
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return EACCES;
    return ::faccessat(AT_FDCWD, path.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

bool belongs_to_the_file(int error) noexcept {
    return error == ENOENT || error == ENOTDIR || error == EACCES || error == ELOOP || error == ENAMETOOLONG;
}

/// Why nothing can be run in a directory; 0: it is not the directory.
int unfit_directory(const std::string& cwd) {
    if (cwd.empty()) return 0;
    struct stat status{};
    if (::stat(cwd.c_str(), &status) != 0) return errno;
    if (!S_ISDIR(status.st_mode)) return ENOTDIR;
    return ::faccessat(AT_FDCWD, cwd.c_str(), X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

void check_text(const std::string& text, const char* what) {
    if (text.find('\0') != std::string::npos) {
        throw std::invalid_argument(std::string("spawn_process: a zero byte in ") + what);
    }
}

void check_environment(const environment& env) {
    for (const auto& [name, value] : env) {
        check_text(name, "the environment");
        check_text(value, "the environment");
        if (name.empty() || name.find('=') != std::string::npos) {
            throw std::invalid_argument("spawn_process: \"" + name + "\" is no name of an environment variable");
        }
    }
}

}  // namespace

environment current_environment() {
    environment env;
    for (char** entry = ::environ; entry && *entry; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=', 1);
        if (equals != std::string_view::npos) env.emplace(text.substr(0, equals), text.substr(equals + 1));
    }
    return env;
}

const std::string& program_of(const std::vector<std::string>& argv, const process_options& options) noexcept {
    return options.executable.empty() ? argv.front() : options.executable;
}

void check_spawn(const std::vector<std::string>& argv, const process_options& options) {
    if (argv.empty()) throw std::invalid_argument("spawn_process: argv is empty");
    if (program_of(argv, options).empty()) throw std::invalid_argument("spawn_process: the program's name is empty");
    for (const std::string& argument : argv) check_text(argument, "argv");
    check_text(options.executable, "executable");
    check_text(options.cwd, "cwd");
    if (options.env) check_environment(*options.env);
    check_environment(options.extra_env);
    for (const stdio s : {options.stdin_, options.stdout_}) {
        if (s.what() == stdio::kind::to_stdout) throw std::invalid_argument("spawn_process: to_stdout is for stderr");
    }
}

int spawn_child(const std::vector<std::string>& argv, const process_options& options, const child_ends& ends) {
    const std::string& program = program_of(argv, options);
    spawn_actions actions(program);
    if (!options.cwd.empty()) actions.change_directory(options.cwd);
    actions.set_standard(options, ends);
    actions.close_others(options.pass_fds);
    const spawn_attributes attributes(program, options);
    const environment env = environment_of(options);
    const string_array arguments(argv), variables(as_strings(env));

    const std::vector<std::string> files = candidates(program, env);
    int reason = 0, last = 0;
    for (const std::string& file : files) {
        pid_t pid = -1;
        int error = files.size() > 1 ? unfit(file, options.cwd) : 0;
        if (error == 0) {
            error =
                ::posix_spawn(&pid, file.c_str(), actions.get(), attributes.get(), arguments.get(), variables.get());
        }
        if (error == 0) return pid;
        last = error;
        // That it is not there, in some directory, matters less than that it cannot be run in another.
        if (reason == 0 && error != ENOENT && error != ENOTDIR) reason = error;
        if (!belongs_to_the_file(error)) break;
    }
    if (reason == 0) reason = last;
    if (const int error = unfit_directory(options.cwd); error && belongs_to_the_file(reason)) {
        fail(program, error, "working directory \"" + options.cwd + "\"");
    }
    fail(program, reason);
}

}  // namespace weft::inline v0
