// SPDX-License-Identifier: Apache-2.0
#include "known_coroutines.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

namespace known {

enum class colour : std::uint8_t { red, green };

namespace {

struct position {
    int x;
    double y;
};
struct place : position {
    std::string name;
    unsigned low : 3;
    unsigned high : 5;
};

/// So that no compiler thinks it knows them.
template <class... T>
[[gnu::noinline]] void use(T&... values) {
    const void* const all[] = {&values...};
    asm volatile("" : : "r"(all) : "memory");
}

}  // namespace

task serve(int port, std::string user, std::string_view greeting) {
    char buffer[4096] = "GET /";
    int requests = 0;
    for (int i = 0; i < 2; ++i) {
        co_await pause{__LINE__};
        ++requests;
        use(buffer, i);
    }
    {
        std::vector<int> answers{1, 2, 3};
        co_await pause{__LINE__};
        use(answers);
    }
    co_await pause{__LINE__};
    use(port, user, greeting, requests, buffer);
}

task hold_values(const long& referred) {
    bool yes = true;
    char letter = 'w';
    signed char small = -3;
    std::uint64_t large = 18'000'000'000'000'000'000u;
    float half = 0.5f;
    double third = 0.25;
    colour shade = colour::green;
    auto other_shade = static_cast<colour>(9);
    int* nowhere = nullptr;
    const char* text = "tab\there";
    place home{{1, 2.5}, "home", 5, 17};
    int numbers[3] = {7, 8, 9};
    std::string word = "a \"word\"";
    std::string long_word(100, 'x');
    std::string_view part = std::string_view(word).substr(0, 1);
    std::vector<std::string> words{"one", "two"};
    std::vector<int> many(20, 4);
    std::optional<int> something = 11;
    std::optional<std::string> nothing;
    auto owned = std::make_unique<int>(5);
    std::array<short, 2> pair{1, 2};
    std::chrono::milliseconds delay(250);
    std::vector<int> wild(1);
    std::string_view lost(reinterpret_cast<const char*>(16), 5);
    co_await pause{__LINE__};
    use(yes, letter, small, large, half, third, shade, other_shade, nowhere, text, home, numbers, word, long_word,
        part);
    use(words, many, something, nothing, owned, pair, delay, wild, lost, referred);
}

task take_turns(int rounds) {
    int turn = 0;
    co_yield __LINE__;
    co_await pause{__LINE__};
    ++turn;
    co_yield __LINE__;
    co_await pause{__LINE__};
    use(turn, rounds);
}

}  // namespace known
