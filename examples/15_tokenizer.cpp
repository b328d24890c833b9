// SPDX-License-Identifier: Apache-2.0
// A tokenizer that is fed a text piece by piece, as a network brings it. Wherever the text runs out, even inside a word, a
// co_yield hands out what was found and waits to be sent more. Each rule is a generator of its own: it is called by `from`
// and returns what it has read.
#include <weft/weft.hpp>

#include <cctype>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using tokens = std::vector<std::string>;

/// Part of the tokenizer: yields the tokens that are complete, is sent the next piece, and returns what it has read.
template <class Read = void>
using rule = weft::generator<tokens, std::string_view, Read>;

struct text {
    std::string_view rest;  // of the piece
    bool ended = false;
    tokens found;

    char take() { return std::exchange(rest, rest.substr(1)).front(); }
};

/// The next character, which stays there; 0 at the end of the text, which is an empty piece.
rule<char> peek(text& t) {
    if (t.rest.empty() && !t.ended) {
        t.rest = co_yield std::exchange(t.found, {});
        t.ended = t.rest.empty();
    }
    co_return t.ended ? '\0' : t.rest.front();
}

rule<std::string> read_while(text& t, bool (*wanted)(char)) {
    std::string taken;
    while (wanted(co_yield weft::from(peek(t)))) taken += t.take();
    co_return taken;
}

rule<std::string> read_quoted(text& t) {
    t.take();
    auto inside = co_yield weft::from(read_while(t, [](char c) { return c && c != '"'; }));
    if (t.ended) throw std::runtime_error("the text ends inside a quotation: " + inside);
    t.take();
    co_return inside;
}

rule<> tokenizer() {
    constexpr auto in_a_word = [](char c) { return c == '_' || std::isalnum(static_cast<unsigned char>(c)); };
    text t;
    while (const char c = co_yield weft::from(peek(t))) {
        if (c == '"') {
            t.found.push_back(co_yield weft::from(read_quoted(t)));
        } else if (in_a_word(c)) {
            t.found.push_back(co_yield weft::from(read_while(t, in_a_word)));
        } else if (t.take() != ' ') {
            t.found.emplace_back(1, c);
        }
    }
    co_yield std::move(t.found);
}

int main() {
    auto t = tokenizer();
    t.next();
    for (const char* piece : {"let gree", "ting", "_1 = \"hel", "lo, wor", "ld\" + ", "x4", "2", ""}) {
        const tokens found = t.send(piece).value();
        std::printf("%-9s ->", piece);
        for (const std::string& token : found) std::printf(" [%s]", token.c_str());
        std::puts("");
    }
}
