// SPDX-License-Identifier: Apache-2.0
// An async generator: its body may await. This one reads a long list from a server, page by page, and hands out one entry
// at a time; whoever iterates sees neither pages nor sockets. Who stops early closes it: `with(closing(…))`, and then the
// body says goodbye to the server, which a destructor could not, since it would have to wait.
//
//     async with aclosing(entries(port)) as found:
//         async for entry in found:
//             if entry == "entry 2b": break
#include <weft/weft.hpp>

#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

/// The entries of one page; none after the last page.
weft::task<std::vector<std::string>> ask_for_page(weft::stream& s, int number) {
    co_await s.write("page " + std::to_string(number) + "\n");
    std::vector<std::string> page;
    for (auto entry = co_await s.read_line(); entry && *entry != ""; entry = co_await s.read_line()) {
        page.push_back(std::move(*entry));
    }
    co_return page;
}

weft::async_generator<std::string> entries(std::uint16_t port) {
    auto s = co_await weft::open_connection("127.0.0.1", port);
    std::exception_ptr error;
    try {
        for (int number = 1;; ++number) {
            auto page = co_await ask_for_page(s, number);
            if (page.empty()) break;
            for (std::string& entry : page) co_yield std::move(entry);
        }
    } catch (...) {
        error = std::current_exception();  // a handler cannot await: what it would do comes after it
    }
    co_await s.write("goodbye\n");
    co_await s.close();
    if (error) std::rethrow_exception(error);
}

/// The server has three entries on each page, and four pages.
weft::task<> serve(weft::stream s) {
    while (auto request = co_await s.read_line()) {
        std::printf("  server: %s\n", request->c_str());
        if (!request->starts_with("page ")) break;
        const int page = std::stoi(request->substr(5));
        std::string reply;
        for (const char letter : {'a', 'b', 'c'}) {
            if (page <= 4) reply += "entry " + std::to_string(page) + letter + "\n";
        }
        co_await s.write(reply + "\n");
    }
}

weft::task<> print_until(std::string last, weft::async_generator<std::string>& found) {
    while (auto entry = co_await found.next()) {
        std::printf("%s\n", entry->c_str());
        if (*entry == last) break;
    }
}

weft::task<> main_task() {
    auto server = co_await weft::start_server(serve, "127.0.0.1", 0);

    co_await weft::with(weft::closing(entries(server.port())),
                        [](weft::async_generator<std::string>& found) { return print_until("entry 2b", found); });

    server.close();
    co_await server.wait_closed();
    std::puts("closed");
}

int main() { weft::run(main_task()); }
