// SPDX-License-Identifier: Apache-2.0
// A recursive-descent parser fed from a socket. Its rules are plain functions that call each other; peek(), at the bottom, waits
// where the text runs out, be it within a number within brackets. No states, as in 15_tokenizer.cpp, and no coroutines.
#include <weft/fiber/create_fiber.hpp>
#include <weft/fiber/fiber_generator.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

/// expression = term { ('+' | '-') term };  term = factor { '*' factor };  factor = number | '(' expression ')'
struct calculator {
    weft::stream& from;
    std::string rest = {};
    char peek() {  // 0 at the end of the text; the one place that waits
        if (rest.empty()) rest = weft::await(from.read(4096));
        return rest.empty() ? '\0' : rest.front();
    }
    char get() {
        const char c = peek();
        rest.erase(0, 1);
        return c;
    }
    void expect(char wanted) {
        if (get() != wanted) throw std::runtime_error(std::string("there is no ") + wanted);
    }
    int factor() {
        std::string digits;
        while (peek() >= '0' && peek() <= '9') digits += get();
        if (!digits.empty()) return std::stoi(digits);
        expect('(');
        const int value = expression();
        expect(')');
        return value;
    }
    int term() {
        int value = factor();
        for (; peek() == '*'; value *= factor()) get();
        return value;
    }
    int expression() {
        int value = term();
        while (peek() == '+' || peek() == '-') value += get() == '+' ? term() : -term();
        return value;
    }
    void run(const weft::yielder<int>& yield) {
        for (; peek() != 0; expect(';')) yield(expression());
    }
};

void serve(weft::stream s) try {
    weft::fiber_generator<int> values([&](auto& yield) { calculator(s).run(yield); });
    for (const int value : values) weft::await(s.write(std::to_string(value) + "\n"));
} catch (const std::runtime_error& e) {
    weft::await(s.write(std::string(e.what()) + "\n"));
}

weft::task<> client(std::uint16_t port, std::vector<const char*> pieces) {
    weft::stream s = co_await weft::open_connection("127.0.0.1", port);
    for (const char* piece : pieces) {
        co_await s.write(piece);
        co_await weft::sleep(std::chrono::milliseconds(5));  // so that it travels alone
    }
    co_await s.write_eof();
    std::fputs((co_await s.read_all()).c_str(), stdout);
}

weft::task<> main_task() {
    auto server = co_await weft::start_server([](weft::stream s) { return weft::run_in_fiber(serve, std::move(s)); },
                                              "127.0.0.1", 0);
    auto ann = weft::create_task(client(server.port(), {"1", "2+3", "0*(2", "+1);((", "10", "0-8)*2", ")-1;7", ";"}));
    co_await client(server.port(), {"6*7", ";", "1+(2*", "3;"});  // at the same time, on one thread
    co_await ann;
}

int main() { weft::run(main_task()); }
