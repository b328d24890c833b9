// SPDX-License-Identifier: Apache-2.0
// A JSON API: structs in, structs out, and what is wrong with a request told by its place in the document.
//
//     @app.put("/books/{id}", status_code=201)                # FastAPI
//     async def put(id: int, book: Book) -> Book: ...
#include "nlohmann_codec.hpp"

#include <weft/http/client.hpp>
#include <weft/http/json.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <map>
#include <string>

namespace http = weft::http;
using weft::task;

namespace shop {

struct price {
    int cents = 0;
    std::string currency;
};
struct book {
    std::string title;
    price costs;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(price, cents, currency)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(book, title, costs)

std::map<int, book> books;

task<http::response> list(http::request& r) {
    const int most = r.query_params().get_or("most", 1'000'000);
    std::map<std::string, std::string> titles;
    for (const auto& [id, b] : books) {
        if (b.costs.cents <= most) titles[std::to_string(id)] = b.title;
    }
    co_return http::json<nlohmann_codec>(titles);
}

task<http::response> put(http::request& r) {
    const auto given = co_await http::read_json<book, nlohmann_codec>(r);
    if (given.costs.cents < 0) throw http::http_error(http::status::unprocessable_content, "/costs/cents: below 0");
    const bool is_new = books.insert_or_assign(r.parameter<int>("id"), given).second;
    co_return http::json<nlohmann_codec>(given, is_new ? http::status::created : http::status::ok);
}

task<> main_task() {
    http::router routes;
    routes.get("/books", list);
    routes.put("/books/{id:int}", put);
    http::server server(std::move(routes), {.port = 0});
    co_await server.start();
    http::client client(
        {.headers = {{"Accept", "application/json"}}, .base_url = "http://127.0.0.1:" + std::to_string(server.port())});

    const auto show = [](std::string asked, http::client_response answer) -> task<> {
        const std::string text = co_await answer.text();
        std::printf("%s\n  %u %s\n", asked.c_str(), http::to_number(answer.status()),
                    text.substr(0, text.find('\n')).c_str());
    };
    for (const char* sent : {R"({"title": "Emma", "costs": {"cents": 799, "currency": "EUR"}})",
                             R"({"title": "Emma", "costs": {"cents": "799", "currency": "EUR"}})",
                             R"({"title": "Emma", "costs": {"cents": 799}})", R"({"title": "Emma", "title": "Eve"})"}) {
        co_await show("PUT " + std::string(sent), co_await client.put("/books/1", http::request_body::json(sent)));
    }
    for (const std::string query : {"most=800", "most=much"}) {
        co_await show("GET " + query, co_await client.get("/books?" + query));
    }
}

}  // namespace shop

int main() { weft::run(shop::main_task()); }
