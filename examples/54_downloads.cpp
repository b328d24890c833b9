// SPDX-License-Identifier: Apache-2.0
// A hundred downloads at once by libcurl's plain easy interface, which knows nothing of weft: curl_easy_perform() blocks, but
// on a fiber, in a program that is linked to libweft_hook.so (weft::hook), it suspends the fiber alone. Here the server, which
// answers nobody before all have asked, is on the same loop of the same thread.
#include <weft/fiber/create_fiber.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/weft.hpp>

#include <curl/curl.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace http = weft::http;
using weft::task;

namespace {

constexpr int downloads = 100;

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* to) {
    static_cast<std::string*>(to)->append(bytes, size * count);
    return size * count;
}

/// As one finds it in libcurl's examples. @throws std::runtime_error
std::string download(const std::string& url) {
    std::string body;
    const std::unique_ptr<CURL, void (*)(CURL*)> easy(curl_easy_init(), curl_easy_cleanup);
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &body);
    const CURLcode code = curl_easy_perform(easy.get());
    if (code != CURLE_OK) throw std::runtime_error(curl_easy_strerror(code));
    return body;
}

task<> main_task() {
    weft::event all_have_asked;
    int asked = 0;
    http::router routes;
    routes.get("/pages/{number}", [&](http::request& r) -> task<http::response> {
        if (++asked == downloads) all_have_asked.set();
        co_await all_have_asked.wait();
        co_return http::response::text("page " + std::string(r.parameter("number")));
    });
    routes.get("/never",
               [](http::request&) -> task<http::response> { co_return co_await weft::future<http::response>(); });
    http::server server(std::move(routes), {.port = 0});
    co_await server.start();
    const std::string site = "http://127.0.0.1:" + std::to_string(server.port());

    std::vector<weft::task_handle<std::string>> fibers;
    for (int i = 0; i < downloads; ++i)
        fibers.push_back(weft::create_fiber(download, site + "/pages/" + std::to_string(i)));
    const std::vector<std::string> pages = co_await weft::gather(std::move(fibers));
    std::printf("%zu downloads, from \"%s\" to \"%s\"\n", pages.size(), pages.front().c_str(), pages.back().c_str());

    // A fiber is a task like any: it can be given up. libcurl cleans up after what it takes for an error.
    try {
        co_await weft::wait_for(weft::create_fiber(download, site + "/never"), std::chrono::milliseconds(20));
    } catch (const weft::timeout_error&) {
        std::printf("given up after 20 ms: /never\n");
    }
    while (server.connections() > 0) co_await weft::yield_now();
    std::printf("and the server has seen it go\n");
}

}  // namespace

int main() { weft::run(main_task()); }
