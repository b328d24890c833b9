// SPDX-License-Identifier: Apache-2.0
// A site of files: what has changed is sent again, what has not is not, a part is sent to who wants a part, and what lies
// outside of the folder to nobody.
#include <weft/http/client.hpp>
#include <weft/http/router.hpp>
#include <weft/http/server.hpp>
#include <weft/http/static_files.hpp>
#include <weft/weft.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace fs = std::filesystem;
namespace http = weft::http;
using weft::task;

namespace {

/// A folder with a site in it, and a secret beside that; it goes with this.
struct some_files {
    some_files() {
        if (!::mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
        fs::create_directories(fs::path(name) / "site/css");
        write("site/index.html", "<h1>Weaving</h1>\n");
        write("site/css/plain.css", "h1 { font-weight: normal }\n");
        write("secret.txt", "for nobody\n");
    }
    ~some_files() { fs::remove_all(name); }
    void write(const std::string& file, const std::string& text) const { std::ofstream(fs::path(name) / file) << text; }

    std::string name = (fs::temp_directory_path() / "weft-site-XXXXXX").string();
};

/// Prints what is answered, and gives the ETag of it.
task<std::string> ask(http::client& client, std::string path, http::headers fields = {}) {
    std::string line = "GET " + path;
    for (const auto [name, value] : fields) line += " (" + std::string(name == "Range" ? value : name) + ")";
    http::client_response r = co_await client.get(path, {.headers = std::move(fields)});
    line += " -> " + std::to_string(http::to_number(r.status())) + " " + std::string(r.reason());
    for (const char* name : {"Content-Type", "Content-Range", "Location"}) {
        if (r.headers().contains(name)) line += ", " + std::string(r.header(name));
    }
    const std::string tag(r.header("ETag")), text = co_await r.text();
    if (!text.empty()) line += ": " + text.substr(0, text.find('\n'));
    std::printf("%s\n", line.c_str());
    co_return tag;
}

task<> main_task() {
    const some_files files;
    http::router routes;
    routes.get("/{file:path}", http::static_files(files.name + "/site"));
    http::server server(std::move(routes), {.port = 0});
    co_await server.start();

    http::client client({.base_url = "http://127.0.0.1:" + std::to_string(server.port()), .max_redirects = 0});
    co_await ask(client, "/");
    co_await ask(client, "/css");
    const std::string tag = co_await ask(client, "/css/plain.css");
    co_await ask(client, "/css/plain.css", {{"If-None-Match", tag}});
    files.write("site/css/plain.css", "h1 { font-weight: lighter; color: teal }\n");
    co_await ask(client, "/css/plain.css", {{"If-None-Match", tag}});
    co_await ask(client, "/css/plain.css", {{"Range", "bytes=27-"}});
    co_await ask(client, "/css/plain.css", {{"Range", "bytes=1000-"}});
    co_await ask(client, "/..%2fsecret.txt");
}

}  // namespace

int main() { weft::run(main_task()); }
