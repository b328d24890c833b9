// SPDX-License-Identifier: Apache-2.0
#include <weft/http/cookie_jar.hpp>

#include <gtest/gtest.h>

namespace http = weft::http;
using http::url;
using std::chrono::seconds;

namespace {

constexpr std::chrono::sys_seconds now{seconds(1'000'000'000)};

struct cookie_jar : testing::Test {
    http::cookie_jar jar;
    bool store(const char* from, const std::string& field) { return jar.store(url(from), field, now); }
    std::string at(const char* to, seconds later = seconds(0)) { return jar.cookies_for(url(to), now + later); }
};

TEST_F(cookie_jar, gives_back_what_the_host_gave) {
    EXPECT_TRUE(store("http://a.example/", "x=1"));
    EXPECT_EQ(at("http://a.example/"), "x=1");
    EXPECT_EQ(at("http://a.example:8080/b?c"), "x=1");
    EXPECT_EQ(at("https://A.EXAMPLE/"), "x=1");
    EXPECT_EQ(at("http://b.example/"), "");
    EXPECT_EQ(at("http://example/"), "");
    EXPECT_EQ(at("http://b.a.example/"), "");
    EXPECT_EQ(at("http://xa.example/"), "");
    EXPECT_TRUE(store("http://a.example/", "x=2"));
    EXPECT_EQ(at("http://a.example/"), "x=2");
    EXPECT_EQ(jar.size(), 1);
    jar.clear();
    EXPECT_EQ(at("http://a.example/"), "");
}

TEST_F(cookie_jar, gives_a_domains_cookies_to_all_below_it) {
    EXPECT_TRUE(store("http://www.a.example/", "x=1; Domain=A.example"));
    EXPECT_TRUE(store("http://a.example/", "y=2; Domain=.a.example"));
    EXPECT_EQ(at("http://a.example/"), "x=1; y=2");
    EXPECT_EQ(at("http://c.b.a.example/"), "x=1; y=2");
    EXPECT_EQ(at("http://xa.example/"), "");
    EXPECT_EQ(at("http://example/"), "");
}

TEST_F(cookie_jar, refuses_domains_that_are_not_the_hosts) {
    for (const char* domain : {"example", "com", "b.example", "b.a.example", "x.example", ".", "..", ".example",
                               "a.example.", "..a.example", ".example.", "le", "xample", "127.0.0.1"}) {
        EXPECT_FALSE(store("http://a.example/", "x=1; Domain=" + std::string(domain)) &&
                     !at("http://b.example/").empty())
            << domain;
        EXPECT_EQ(at("http://example/"), "") << domain;
        EXPECT_EQ(at("http://b.a.example/"), "") << domain;
        jar.clear();
    }
    EXPECT_FALSE(store("http://a.example/", "x=1; Domain=example"));
    EXPECT_FALSE(store("http://a.example/", "x=1; Domain=b.a.example"));
    EXPECT_FALSE(store("http://evil-a.example/", "x=1; Domain=a.example"));
    EXPECT_FALSE(store("http://1.2.3.4/", "x=1; Domain=3.4"));
    EXPECT_FALSE(store("http://1.2.3.4/", "x=1; Domain=2.3.4"));
    EXPECT_FALSE(store("http://[::1]/", "x=1; Domain=1"));
    EXPECT_EQ(jar.size(), 0);
}

TEST_F(cookie_jar, lets_a_host_of_one_label_or_an_address_name_itself_alone) {
    EXPECT_TRUE(store("http://localhost/", "x=1; Domain=localhost"));
    EXPECT_EQ(at("http://localhost/"), "x=1");
    EXPECT_EQ(at("http://a.localhost/"), "");
    EXPECT_TRUE(store("http://1.2.3.4/", "y=1; Domain=1.2.3.4"));
    EXPECT_EQ(at("http://1.2.3.4/"), "y=1");
    EXPECT_TRUE(store("http://[::1]/", "z=1"));
    EXPECT_EQ(at("http://[::1]/"), "z=1");
    EXPECT_TRUE(store("http://a.server1/", "s=1; Domain=a.server1"));
    EXPECT_EQ(at("http://b.a.server1/"), "s=1");
}

TEST_F(cookie_jar, matches_paths) {
    EXPECT_TRUE(store("http://a/", "x=1; Path=/b"));
    for (const char* to : {"http://a/b", "http://a/b/", "http://a/b/c", "http://a/b?c"}) EXPECT_EQ(at(to), "x=1") << to;
    for (const char* to : {"http://a/", "http://a/bc", "http://a/B", "http://a/c/b", "http://a/b/../c"})
        EXPECT_EQ(at(to), "") << to;
    jar.clear();
    EXPECT_TRUE(store("http://a/b/c", "x=1"));
    EXPECT_EQ(at("http://a/b"), "x=1");
    EXPECT_EQ(at("http://a/b/d"), "x=1");
    EXPECT_EQ(at("http://a/"), "");
    EXPECT_TRUE(store("http://a/b", "y=2; Path=b"));
    EXPECT_EQ(at("http://a/"), "y=2");
}

TEST_F(cookie_jar, sends_longer_paths_first_and_then_older_ones) {
    store("http://a.b/", "x=1; Path=/");
    store("http://a.b/", "y=1; Path=/; Domain=a.b");
    store("http://a.b/", "x=2; Path=/c");
    store("http://a.b/", "x=3; Path=/");
    EXPECT_EQ(at("http://a.b/c"), "x=2; x=3; y=1");
}

TEST_F(cookie_jar, forgets_what_has_expired) {
    store("http://a/", "x=1; Max-Age=60");
    store("http://a/", "y=1; Expires=Sun, 09 Sep 2001 01:46:50 GMT");  // ten seconds from now
    store("http://a/", "z=1; Max-Age=60; Expires=Sun, 09 Sep 2001 01:46:50 GMT");
    EXPECT_EQ(at("http://a/", seconds(9)), "x=1; y=1; z=1");
    EXPECT_EQ(at("http://a/", seconds(10)), "x=1; z=1");
    EXPECT_EQ(at("http://a/", seconds(60)), "");
    EXPECT_TRUE(store("http://a/", "x=; Max-Age=0"));
    EXPECT_TRUE(store("http://a/", "y=; Max-Age=-1"));
    EXPECT_TRUE(store("http://a/", "z=; Expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    EXPECT_EQ(jar.size(), 0);
}

TEST_F(cookie_jar, sends_and_takes_secure_cookies_over_tls_alone) {
    EXPECT_FALSE(store("http://a/", "x=1; Secure"));
    EXPECT_TRUE(store("wss://a/", "x=1; Secure"));
    EXPECT_EQ(at("http://a/"), "");
    EXPECT_EQ(at("ws://a/"), "");
    EXPECT_EQ(at("https://a/"), "x=1");
}

TEST_F(cookie_jar, lets_nobody_without_tls_replace_a_secure_cookie) {
    EXPECT_TRUE(store("https://a.b/", "x=1; Secure; Domain=a.b"));
    EXPECT_FALSE(store("http://a.b/", "x=2"));
    EXPECT_FALSE(store("http://c.a.b/", "x=2"));
    EXPECT_FALSE(store("http://a.b/", "x=; Max-Age=0"));
    EXPECT_FALSE(store("http://a.b/", "x=2; Path=/c"));
    EXPECT_TRUE(store("http://a.b/", "y=2"));
    EXPECT_TRUE(store("https://a.b/", "z=1; Secure; Path=/c"));
    EXPECT_FALSE(store("http://a.b/", "z=2; Path=/c/d"));
    EXPECT_TRUE(store("http://a.b/", "z=2; Path=/e")) << "which is not sent with the other one";
    EXPECT_TRUE(store("https://a.b/", "x=3; Domain=a.b"));
    EXPECT_EQ(at("http://a.b/"), "x=3; y=2");
}

TEST_F(cookie_jar, holds_cookies_to_their_prefixes) {
    for (const char* field : {"__Host-x=1", "__Host-x=1; Secure", "__host-x=1; Secure; Path=/b",
                              "__Host-x=1; Secure; Path=/; Domain=a.b", "__Secure-x=1", "__SECURE-x=1"}) {
        EXPECT_FALSE(store("https://a.b/", field)) << field;
    }
    EXPECT_TRUE(store("https://a.b/", "__Host-x=1; Secure; Path=/"));
    EXPECT_TRUE(store("https://a.b/", "__Secure-x=1; Secure; Domain=a.b"));
    EXPECT_FALSE(store("http://a.b/", "__Host-x=2; Secure; Path=/"));
    EXPECT_FALSE(store("https://a.b/", "=__Host-x=2; Secure; Path=/"));
}

TEST_F(cookie_jar, drops_of_a_full_domain_what_was_longest_not_sent) {
    for (int i = 0; i < 50; ++i) store("http://a/", "c" + std::to_string(i) + "=; Path=/" + std::to_string(i));
    EXPECT_EQ(at("http://a/0"), "c0=");
    EXPECT_TRUE(store("http://a/", "new="));
    EXPECT_EQ(jar.size(), 50);
    EXPECT_EQ(at("http://a/0"), "c0=; new=");
    EXPECT_EQ(at("http://a/1"), "new=");
    EXPECT_TRUE(store("http://a/", "new=1"));
    EXPECT_EQ(jar.size(), 50);
    EXPECT_EQ(at("http://a/2"), "c2=; new=1");
    for (int i = 0; i < 1000; ++i) store("http://b/", "c" + std::to_string(i) + "=");
    EXPECT_EQ(jar.size(), 100);
}

TEST_F(cookie_jar, drops_what_has_expired_first) {
    jar = http::cookie_jar({.per_domain = 2, .in_all = 3});
    store("http://a/", "x=; Path=/x");
    store("http://a/", "y=; Max-Age=1");
    EXPECT_TRUE(jar.store(url("http://a/"), "z=", now + seconds(1)));
    EXPECT_EQ(at("http://a/x", seconds(1)), "x=; z=");
}

TEST_F(cookie_jar, is_limited_in_all) {
    for (int i = 0; i < 4000; ++i) store(("http://h" + std::to_string(i) + "/").c_str(), "x=");
    EXPECT_EQ(jar.size(), 3000);
    EXPECT_EQ(at("http://h999/"), "");
    EXPECT_EQ(at("http://h1000/"), "x=");
    EXPECT_EQ(at("http://h3999/"), "x=");
    EXPECT_TRUE(store("http://new/", "x="));
    EXPECT_EQ(at("http://h1000/"), "x=");
    EXPECT_EQ(at("http://h1001/"), "");
}

}  // namespace
