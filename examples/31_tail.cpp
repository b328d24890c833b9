// SPDX-License-Identifier: Apache-2.0
// tail -f: what is appended to a file, line by line, as it comes.
//
//     31_tail PATH      or, without a path, a log written by the program itself
#include <weft/io/file.hpp>
#include <weft/io/watch.hpp>
#include <weft/weft.hpp>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <random>
#include <string>

using namespace std::chrono_literals;

weft::async_generator<std::string> tail(std::string path) {
    auto changes = weft::watch(path);  // first: what is written from here on is told
    auto file = co_await weft::file::open(path);
    std::string text;  // after the last whole line
    for (bool is_there = true;;) {
        text += co_await file.read_all();  // from where the last read ended
        for (std::size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
            co_yield text.substr(0, end);
        }
        if (!is_there) break;
        if (co_await file.size() < file.tell()) file.seek(0);  // somebody has emptied it
        const auto change = co_await changes.next();
        is_there = change && change->kind != weft::file_event::kind_of::moved_away;  // rotated: only what is left
    }
    if (!text.empty()) co_yield text;
}

weft::task<> print(std::string path) {
    auto lines = tail(path);
    while (auto line = co_await lines.next()) std::printf("%s\n", line->c_str());
}

weft::task<> keep_log(std::string path) {
    auto log = co_await weft::file::open(path, weft::open_mode::append);
    for (const char* text : {"one\n", "two", " and a half\nthr", "ee\n", "an end"}) {
        co_await log.write(text);
        co_await weft::sleep(5ms);
    }
    co_await log.close();
    std::filesystem::rename(path, path + ".1");
}

weft::task<> show() {
    const std::string name = "weft-tail-" + std::to_string(std::random_device()());
    const std::string path = (std::filesystem::temp_directory_path() / name).string();
    co_await weft::write_file(path, "what was there before\n");
    co_await weft::gather(print(path), keep_log(path));
    std::filesystem::remove(path + ".1");
    std::puts("rotated away");
}

int main(int argc, char** argv) { weft::run(argc > 1 ? print(argv[1]) : show()); }
