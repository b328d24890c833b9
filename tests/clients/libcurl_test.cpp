// SPDX-License-Identifier: Apache-2.0
// libcurl's easy interface as it is, and nginx.
#include "clients/many_fibers.hpp"
#include "net/nginx.hpp"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace client_tests;
using namespace std::chrono_literals;

int bodies_begun = 0;

std::size_t append(char* bytes, std::size_t size, std::size_t count, void* to) {
    auto& body = *static_cast<std::string*>(to);
    if (body.empty()) ++bodies_begun;
    body.append(bytes, size * count);
    return size * count;
}

struct transfer {
    CURLcode code;
    std::string body;
};

using handle = std::unique_ptr<CURL, void (*)(CURL*)>;
handle make_handle() { return handle(curl_easy_init(), curl_easy_cleanup); }

transfer perform(const handle& easy, const std::string& url, long milliseconds = 0) {
    transfer t{CURLE_FAILED_INIT, {}};
    curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(easy.get(), CURLOPT_WRITEDATA, &t.body);
    curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, milliseconds);
    t.code = curl_easy_perform(easy.get());
    return t;
}
/// By a connection of its own.
transfer get(const std::string& url, long milliseconds = 0) { return perform(make_handle(), url, milliseconds); }

class libcurl : public testing::Test {
protected:
    static void SetUpTestSuite() { curl_global_init(CURL_GLOBAL_ALL); }
    static void TearDownTestSuite() { curl_global_cleanup(); }

    void SetUp() override {
        if (!weft_test::nginx::program()) GTEST_SKIP() << "nginx is not installed";
        if (!allow_descriptors(5000)) GTEST_SKIP() << "too few descriptors are allowed";
        const std::string port = std::to_string(server.listen());
        root = "http://127.0.0.1:" + port;
        // nginx sends a piece of 1 000 bytes, and then nothing for as long as it should have taken: a tenth of a second, in the
        // middle of the short one; or a second, in that of the long.
        server.write("short", std::string(1000, 'x'));
        server.write("long", std::string(100'000, 'x'));
        server.start("server {\nlisten 127.0.0.1:" + port +
                         " backlog=1024;\nsendfile_max_chunk 1000;\nsendfile off;\nerror_log error.log warn;\n"
                         "location /short { limit_rate 10000; }\nlocation /long { limit_rate 1000; }\n"
                         "location /connections { stub_status; }\nlocation = /hello { return 200 hello; }\n}",
                     "worker_connections 4000;");
        ASSERT_EQ(get(root + "/hello").body, "hello");  // from now on it accepts as many as come
    }

    weft_test::nginx server;
    std::string root;
};

TEST_F(libcurl, a_thousand_transfers_of_100_ms_take_about_as_long_and_the_loop_is_not_blocked) {
    const measured m = weft::run([](const std::string& from) -> weft::task<measured> {
        std::vector<handle> all;  // each keeps its connection
        for (int i = 0; i < thousand; ++i) all.push_back(make_handle());
        auto connect = [&](int i) {
            return perform(all[static_cast<std::size_t>(i)], from + "/hello").code == CURLE_OK ? 0 : 1;
        };
        const int connected = co_await count_successes(0, thousand, connect);
        EXPECT_EQ(connected, thousand);
        auto fetch = [&](int i) {
            return perform(all[static_cast<std::size_t>(i)], from + "/short").body.size() == 1000 ? 0 : 1;
        };
        co_return co_await measure("libcurl", fetch);
    }(root));
    EXPECT_EQ(m.successes, thousand);
    EXPECT_GT(m.took, 90ms);
    EXPECT_LT(m.took, together_at_most);
    EXPECT_LT(m.late.of_the_loop, lateness_at_most);
}

TEST_F(libcurl, a_transfer_that_takes_too_long_is_given_up_and_the_next_one_works) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](const std::string& from) -> weft::task<> {
        transfer given_up{CURLE_OK, {}};
        auto h = weft::create_fiber([&] { given_up = get(from + "/long"); });
        bool is_late = false;
        try {
            co_await weft::wait_for(h, 300ms);
        } catch (const weft::timeout_error&) {
            is_late = true;
        }
        EXPECT_TRUE(is_late);
        EXPECT_NE(given_up.code, CURLE_OK);
        EXPECT_FALSE(given_up.body.empty());  // it was in the middle
        const transfer next = co_await weft::create_fiber([&] { return get(from + "/hello"); });
        EXPECT_EQ(next.code, CURLE_OK);
        EXPECT_EQ(next.body, "hello");
    }(root));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(libcurl, a_timeout_of_its_own_is_kept) {
    const CURLcode code = weft::run([](const std::string& from) -> weft::task<CURLcode> {
        co_return co_await weft::create_fiber([&] { return get(from + "/long", 50).code; });
    }(root));
    EXPECT_EQ(code, CURLE_OPERATION_TIMEDOUT);
}

TEST_F(libcurl, a_thousand_cancelled_in_the_middle_of_their_transfers_leave_nothing_behind) {
    const std::ptrdiff_t before = open_descriptors();
    weft::run([](const std::string& from) -> weft::task<> {
        int failures = 0;
        auto fetch = [&](int) {
            const transfer t = get(from + "/long");
            if (t.code != CURLE_OK && !t.body.empty()) ++failures;
            return 0;
        };
        bodies_begun = 0;
        auto all = co_await begin(0, thousand, fetch);
        while (bodies_begun < thousand) co_await weft::sleep(1ms);
        const int cancelled = co_await cancel_all(all);
        EXPECT_EQ(cancelled, thousand);
        EXPECT_EQ(failures, thousand);
        // The server has heard that they are gone.
        const bool alone = co_await weft::create_fiber([&from] {
            for (int look = 0; look < 500; ++look) {
                if (get(from + "/connections").body.starts_with("Active connections: 1 ")) return true;
                weft::await(weft::sleep(10ms));
            }
            return false;
        });
        EXPECT_TRUE(alone);
    }(root));
    EXPECT_EQ(open_descriptors(), before);
}

}  // namespace
