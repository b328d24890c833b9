// SPDX-License-Identifier: Apache-2.0
// A crawler: from one page it follows every link within the site, at most three requests at a time, and tells of dead links.
#include <weft/http/client.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <set>
#include <string>

namespace http = weft::http;
using weft::task;

namespace {

/// The site. One of its links is dead, and one page has moved.
task<http::response> site(http::request& r) {
    static const std::map<std::string, std::string, std::less<>> pages = {
        {"/", R"(<a href="/docs/">docs</a> <a href="news"> <a href="docs/tasks"> <a href="docs/streams">)"},
        {"/docs/", R"(<a href="tasks">tasks</a> <a href="streams">streams</a> <a href="..">home</a>)"},
        {"/docs/tasks", R"(<a href="streams">next</a> <a href="https://example.org/">elsewhere</a>)"},
        {"/docs/streams", R"(<a href="files">next</a>)"},
        {"/archive", R"(<a href="/">home</a>)"},
    };
    if (r.path() == "/news") co_return http::response::redirect("/archive");
    const auto page = pages.find(r.path());
    if (page == pages.end()) throw http::http_error(http::status::not_found);
    co_return http::response::html(page->second);
}

class crawler {
public:
    task<> crawl(std::string start) {
        co_await weft::with(weft::task_group(),
                            [&](weft::task_group& group) -> task<> { co_return visit(group, http::url(start)); });
        for (const auto& [path, what] : found_) std::printf("%-14s %s\n", path.c_str(), what.c_str());
        std::printf("at most %zu requests at a time\n", most_);
    }

private:
    void visit(weft::task_group& group, const http::url& page) {
        if (seen_.insert(page.target()).second) group.create_task(read(group, page));
    }

    task<> read(weft::task_group& group, http::url page) {
        const auto permit = co_await at_a_time_.acquire();
        most_ = std::max(most_, ++now_);
        http::client_response answer = co_await client_.get(page.to_string());
        const std::string text = co_await answer.text();
        --now_;
        found_[page.target()] = std::to_string(http::to_number(answer.status())) +
                                (answer.history().empty() ? "" : " from " + answer.url().target());
        if (!answer.ok()) co_return;
        for (std::size_t at = 0; (at = text.find("href=\"", at)) != text.npos;) {
            at += 6;
            const http::url link = answer.url().resolve(text.substr(at, text.find('"', at) - at));
            if (link.origin() == page.origin()) visit(group, link);
        }
    }

    http::client client_;
    weft::semaphore at_a_time_{3};
    std::set<std::string> seen_;
    std::map<std::string, std::string> found_;
    std::size_t now_ = 0, most_ = 0;
};

task<> run() {
    http::server server(site, {.port = 0});
    co_await server.start();
    crawler c;
    co_await c.crawl("http://127.0.0.1:" + std::to_string(server.port()) + "/");
}

}  // namespace

int main() { weft::run(run()); }
