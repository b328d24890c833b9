// SPDX-License-Identifier: Apache-2.0
// Three processes in a row, as `sort | uniq -c | sort -rn` in a shell: between them the bytes go from child to child.
//
//     r, w = os.pipe()
//     sort = await asyncio.create_subprocess_exec("sort", stdin=PIPE, stdout=w)
//     uniq = await asyncio.create_subprocess_exec("uniq", "-c", stdin=r, stdout=w2)
#include <weft/io/pipe.hpp>
#include <weft/process/process.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <string>

weft::task<> main_task() {
    auto first = weft::make_pipe(), second = weft::make_pipe();
    auto sort = co_await weft::spawn_process({"sort"}, {.stdin_ = weft::pipe, .stdout_ = first.write_end});
    auto count = co_await weft::spawn_process({"uniq", "-c"}, {.stdin_ = first.read_end, .stdout_ = second.write_end});
    auto rank = co_await weft::spawn_process({"sort", "-rn"}, {.stdin_ = second.read_end, .stdout_ = weft::pipe});
    first = {};  // the children have theirs: a pipe is at its end when nobody has its write end any more
    second = {};

    for (const char* word : {"to", "be", "or", "not", "to", "be", "to"}) {
        co_await sort.stdin_.write(std::string(word) + "\n");
    }
    sort.stdin_.close();
    while (auto line = co_await rank.stdout_.read_line()) {
        const auto start = line->find_first_not_of(' ');
        std::printf("%s\n", line->c_str() + start);
    }
    for (weft::process* p : {&sort, &count, &rank}) std::printf("%s\n", (co_await p->wait()).to_string().c_str());
}

int main() { weft::run(main_task()); }
