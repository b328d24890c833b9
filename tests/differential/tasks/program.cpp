// SPDX-License-Identifier: Apache-2.0
#include "program.hpp"

#include <cstdio>
#include <cstdlib>

namespace differential {
namespace {

template <class T>
T next(std::istream& in) {
    T word{};
    if (!(in >> word)) {
        std::fputs("the input ends within a program\n", stderr);
        std::exit(2);
    }
    return word;
}

std::vector<number> numbers(std::istream& in) {
    std::vector<number> all(next<std::size_t>(in));
    for (number& one : all) one = next<number>(in);
    return all;
}

block read_block(std::istream& in);

statement read_statement(std::istream& in) {
    statement s;
    s.name = next<std::string>(in);
    if (const auto known = words().actions.find(s.name); known != words().actions.end()) {
        s.act = known->second;
    } else if (const auto slow = words().activities.find(s.name); slow != words().activities.end()) {
        s.perform = slow->second;
    } else {
        std::fprintf(stderr, "unknown statement %s\n", s.name.c_str());
        std::exit(2);
    }
    s.site = next<int>(in);
    s.numbers = numbers(in);
    for (auto left = next<std::size_t>(in); left > 0; --left) s.blocks.push_back(read_block(in));
    return s;
}

block read_block(std::istream& in) {
    block b;
    for (auto left = next<std::size_t>(in); left > 0; --left) b.push_back(read_statement(in));
    return b;
}

}  // namespace

bool read(std::istream& in, program& p) {
    std::string racing;
    if (!(in >> racing)) return false;
    p.racing = racing == "racing";
    p.seed = next<long>(in);
    p.horizon = next<number>(in);
    p.pause = next<number>(in);
    for (auto* things : {&p.futures, &p.locks, &p.events, &p.conditions, &p.semaphores, &p.bounded_semaphores,
                         &p.barriers, &p.queues}) {
        *things = numbers(in);
    }
    p.body = read_block(in);
    return true;
}

}  // namespace differential
