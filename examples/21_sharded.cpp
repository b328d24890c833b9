// SPDX-License-Identifier: Apache-2.0
// All processors: a loop per thread, each with its own part of the data. Whoever needs another's part asks that loop to do
// it. There are no locks, for each part is touched by one thread alone.
#include <weft/exec/run_sharded.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <vector>

using counts = std::map<std::string, int>;

const std::vector<std::string> words = {"to", "be", "or", "not", "to", "be"};

int main() {
    std::vector<counts> parts(4);

    weft::run_sharded(parts.size(), [&parts](weft::shard s) -> weft::task<> {
        for (const std::string& word : words) {
            const weft::shard owner = s.peer(std::hash<std::string>()(word) % s.size());
            const auto count = [&part = parts[owner.index()]](const std::string& w) { return ++part[w]; };
            co_await weft::call(owner, count, word);  // a coroutine could be called as well
        }
    });

    counts all;
    for (counts& part : parts) all.merge(part);  // the threads have ended
    for (const auto& [word, times] : all) std::printf("%s: %d\n", word.c_str(), times);
}
