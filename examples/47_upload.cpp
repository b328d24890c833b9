// SPDX-License-Identifier: Apache-2.0
// An upload: a page with a form, which other sites' pages cannot send (XSRF), and files that go to the disk as they come.
//
//     form = await request.form()                             # Starlette; it keeps large files in temporary ones
//     shutil.copyfileobj(form["picture"].file, target)
#include <weft/http/client.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/xsrf.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <filesystem>
#include <string>

namespace http = weft::http;
using weft::task;

namespace {

task<http::response> page(http::request& r) {
    co_return http::response::html("<form method=post enctype=multipart/form-data>" + http::xsrf_field(r) +
                                   "<input name=title><input type=file name=picture><button>Send</button></form>");
}

/// A file takes 64 KiB of memory, whatever its size; none that is there already is overwritten.
task<http::response> upload(std::string folder, http::request& r) {
    std::string told;
    auto form = co_await r.multipart();
    while (auto part = co_await form.next()) {
        if (part->is_file()) {
            const auto size = co_await part->save_to(folder + "/" + part->filename());
            told += "file " + part->filename() + ": " + std::to_string(size) + " bytes\n";
        } else if (part->name() == "title") {
            told += "title: " + co_await part->text() + "\n";
        }
    }
    co_return http::response::text(told);
}

http::router routes(std::string folder) {
    http::router all;
    all.use(http::xsrf(http::signer({"a key of 16 bytes or more, kept in a file"})));
    all.get("/", page);
    all.post("/", [folder](http::request& r) { return upload(folder, r); }, {.body_limit = 1 << 30});
    return all;
}

/// What a browser does with the page: its cookie and its hidden field go along. @param shown  the page; empty: it was never seen
task<> send(http::client& browser, std::string shown, std::string filename, std::string content) {
    http::multipart_form form;
    if (const auto at = shown.find("value=\""); at != shown.npos)
        form.add("_xsrf", shown.substr(at + 7, shown.find('"', at + 7) - at - 7));
    form.add("title", "a cat").add_file("picture", filename, content, "image/png");
    auto answer = co_await browser.post("/", std::move(form));
    const std::string text = co_await answer.text();
    std::printf("%u\n%s", http::to_number(answer.status()), text.c_str());
}

task<> main_task(std::string folder) {
    http::server server(routes(folder), {.port = 0});
    co_await server.start();
    http::client browser({.base_url = "http://127.0.0.1:" + std::to_string(server.port())});
    auto shown = co_await browser.get("/");
    const std::string html = co_await shown.text();
    co_await send(browser, html, "../../cat.png", std::string(3'000'000, 'x'));
    co_await send(browser, "", "dog.png", "x");
    for (const auto& entry : co_await weft::list_directory(folder))
        std::printf("in the folder: %s\n", entry.name.c_str());
}

}  // namespace

int main() {
    std::string folder = std::filesystem::temp_directory_path() / "weft-upload-XXXXXX";
    if (!::mkdtemp(folder.data())) return 1;
    weft::run(main_task(folder));
    std::filesystem::remove_all(folder);
}
