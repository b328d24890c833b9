// SPDX-License-Identifier: Apache-2.0
#include "http/server/trusted_proxies.hpp"

#include "http/talk.hpp"

#include <gmock/gmock.h>

#include <stdexcept>

using namespace weft_test;
using testing::EndsWith;
using weft::task;
namespace http = weft::http;
using http::ip_address;
using http::ip_network;

namespace {

std::string text_of(std::string_view address) {
    const auto a = ip_address::parse(address);
    return a ? a->to_string() : "none";
}
bool contains(std::string_view network, std::string_view address) {
    return ip_network::parse(network).value().contains(ip_address::parse(address).value());
}

TEST(ip_address, is_read_in_one_way_however_it_is_written) {
    EXPECT_EQ(text_of("192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(text_of("::ffff:192.0.2.1"), "192.0.2.1");
    EXPECT_EQ(text_of("2001:DB8:0:0::1"), "2001:db8::1");
    using namespace std::string_view_literals;
    for (const std::string_view none : {""sv, "1.2.3"sv, "01.2.3.4"sv, "1.2.3.4 "sv, "1.2.3.4\0.evil"sv, "0x1.2.3.4"sv,
                                        "1.2.3.4.5"sv, "256.1.1.1"sv, "[::1]"sv, "::1%lo"sv, "1.2.3.4/8"sv,
                                        "localhost"sv, "0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000"sv})
        EXPECT_EQ(text_of(none), "none") << none;
}

TEST(ip_network, contains_its_addresses) {
    EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
    EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
    EXPECT_TRUE(contains("192.0.2.64/26", "192.0.2.127"));
    EXPECT_FALSE(contains("192.0.2.64/26", "192.0.2.128"));
    EXPECT_TRUE(contains("192.0.2.1", "192.0.2.1"));
    EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
    EXPECT_TRUE(contains("0.0.0.0/0", "255.255.255.255"));
    EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    EXPECT_TRUE(contains("fd00::/8", "fdff::1"));
    EXPECT_FALSE(contains("fd00::/8", "fe00::1"));
    EXPECT_TRUE(contains("::/0", "2001:db8::1"));
    for (const char* const none :
         {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.1/8", "::1/129", "x/8"})
        EXPECT_FALSE(ip_network::parse(none)) << none;
}

// By the rules

/// "client scheme", as proxies in 10.0.0.0/8 and fd00::/8 say it.
std::string sender(http::proxy_fields which, const http::headers& said) {
    const auto found = http::trusted_proxies({"10.0.0.0/8", "fd00::/8"}, which).find(said);
    return (found.client ? found.client->to_string() : "-") + " " +
           std::string(found.scheme.empty() ? "-" : found.scheme);
}
std::string by_x(std::string_view chain) {
    return sender(http::proxy_fields::x_forwarded, {{"X-Forwarded-For", chain}});
}
std::string by_forwarded(std::string_view chain) {
    return sender(http::proxy_fields::forwarded, {{"Forwarded", chain}});
}

TEST(trusted_proxies, are_followed_from_the_right_as_far_as_they_are_trusted) {
    EXPECT_EQ(by_x("192.0.2.1"), "192.0.2.1:0 -");
    EXPECT_EQ(by_x("198.51.100.9, 192.0.2.1"), "192.0.2.1:0 -");
    EXPECT_EQ(by_x("198.51.100.9, 192.0.2.1, 10.1.1.1 ,10.2.2.2"), "192.0.2.1:0 -");
    EXPECT_EQ(by_x("10.1.1.1, 10.2.2.2"), "10.1.1.1:0 -");
    EXPECT_EQ(by_x("192.0.2.1:4711"), "192.0.2.1:4711 -");
    EXPECT_EQ(by_x("[2001:db8::1]:4711, fd00::2"), "[2001:db8::1]:4711 -");
    EXPECT_EQ(sender(http::proxy_fields::x_forwarded,
                     {{"X-Forwarded-For", "192.0.2.1"}, {"X-Forwarded-For", "192.0.2.2, 10.0.0.1"}}),
              "192.0.2.2:0 -");
}

TEST(trusted_proxies, are_not_followed_into_what_makes_no_sense) {
    EXPECT_EQ(by_x(""), "- -");
    EXPECT_EQ(by_x(",, ,"), "- -");
    EXPECT_EQ(by_x("192.0.2.1, unknown"), "- -");
    EXPECT_EQ(by_x("192.0.2.1, <script>, 10.0.0.1"), "10.0.0.1:0 -");
    EXPECT_EQ(by_x("192.0.2.1, \"10.0.0.2, 10.0.0.1"), "10.0.0.1:0 -");
    EXPECT_EQ(by_x("192.0.2.1:99999"), "192.0.2.1:0 -");
    EXPECT_EQ(by_x("[192.0.2.1]"), "- -");
    EXPECT_EQ(by_x("[::1"), "- -");
    std::string many = "192.0.2.1";
    for (int i = 0; i < 1000; ++i) many += ",10.0.0.1";
    EXPECT_EQ(by_x(many), "10.0.0.1:0 -");
}

TEST(trusted_proxies, say_the_scheme) {
    const auto scheme = [](std::string_view said) {
        return sender(http::proxy_fields::x_forwarded, {{"X-Forwarded-Proto", said}});
    };
    EXPECT_EQ(scheme("https"), "- https");
    EXPECT_EQ(scheme("HTTP"), "- http");
    EXPECT_EQ(scheme("wss"), "- https");
    EXPECT_EQ(scheme("https, http"), "- http");  // the last word is that of the proxy that is known
    EXPECT_EQ(scheme("javascript"), "- -");
}

TEST(trusted_proxies, say_it_by_rfc_7239) {
    EXPECT_EQ(by_forwarded("for=192.0.2.43;proto=https;by=203.0.113.43"), "192.0.2.43:0 https");
    EXPECT_EQ(by_forwarded("For=\"[2001:db8:cafe::17]:4711\""), "[2001:db8:cafe::17]:4711 -");
    EXPECT_EQ(by_forwarded("for=198.51.100.1;proto=http, for=192.0.2.43; proto=https, for=10.0.0.1;proto=http"),
              "192.0.2.43:0 https");
    EXPECT_EQ(by_forwarded("for=192.0.2.43, for=\"_hidden\";proto=https"), "- https");
    EXPECT_EQ(by_forwarded("for=192.0.2.43, for=10.0.0.1;for=10.0.0.2"), "- -");
    EXPECT_EQ(by_forwarded("for=192.0.2.43, for=10.0.0.1;proto="), "- -");
    EXPECT_EQ(by_forwarded("for=\"192.0.2.43, for=10.0.0.1"), "10.0.0.1:0 -");
    EXPECT_EQ(by_forwarded("for=\", for=192.0.2.43;by=\"a,b\""), "192.0.2.43:0 -");
    EXPECT_EQ(by_forwarded("192.0.2.43"), "- -");
}

TEST(trusted_proxies, believe_the_fields_of_one_kind_only) {
    const http::headers both = {{"X-Forwarded-For", "192.0.2.1"}, {"Forwarded", "for=192.0.2.2"}};
    EXPECT_EQ(sender(http::proxy_fields::x_forwarded, both), "192.0.2.1:0 -");
    EXPECT_EQ(sender(http::proxy_fields::forwarded, both), "192.0.2.2:0 -");
}

TEST(trusted_proxies, are_known_by_their_address) {
    const http::trusted_proxies some({"10.0.0.0/8", "fe80::1"}, {}), unix_alone({"unix"}, {}), nobody({}, {});
    const weft::address here = {"192.0.2.80", 80}, unix_socket = {"/run/ours.sock", 0};
    EXPECT_TRUE(some.trusts({"10.1.2.3", 80}, here));
    EXPECT_TRUE(some.trusts({"::ffff:10.1.2.3", 80}, here));
    EXPECT_TRUE(some.trusts({"fe80::1%eth0", 80}, here));
    EXPECT_FALSE(some.trusts({"192.0.2.1", 80}, here));
    EXPECT_FALSE(some.trusts({"/run/x.sock", 0}, here));
    EXPECT_FALSE(some.trusts(weft::address{}, here));
    EXPECT_TRUE(unix_alone.trusts({"/run/x.sock", 0}, unix_socket));
    EXPECT_TRUE(unix_alone.trusts(weft::address{}, unix_socket));
    EXPECT_FALSE(unix_alone.trusts(weft::address{}, here));  // of TCP, reset before it was accepted
    EXPECT_FALSE(unix_alone.trusts({"192.0.2.1", 80}, here));
    EXPECT_TRUE(nobody.empty());
    for (const char* const wrong : {"localhost", "10.0.0.0/33", "*", ""})
        EXPECT_THROW(http::trusted_proxies({wrong}, {}), std::invalid_argument) << wrong;
}

// In a server

std::string answer_behind(std::vector<std::string> proxies) {
    const auto tells = [](http::request& r) -> task<http::response> {
        co_return http::response::text(r.client().to_string() + " " + std::string(r.scheme()));
    };
    std::string heard;
    with_server(tells, {.trusted_proxies = std::move(proxies)}, [&](http::server& s) -> task<> {
        conversation c(s);
        heard = co_await c.ask(
            "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n");
    });
    return heard;
}

TEST(http_server, takes_a_trusted_proxys_word_on_the_sender) {
    EXPECT_THAT(answer_behind({"unix"}), EndsWith("\r\n\r\n192.0.2.1:0 https"));
}

TEST(http_server, takes_no_strangers_word_on_the_sender) {
    EXPECT_THAT(answer_behind({}), EndsWith("\r\n\r\n? http"));
    EXPECT_THAT(answer_behind({"10.0.0.0/8"}), EndsWith("\r\n\r\n? http"));
}

TEST(http_server, asks_for_proxies_that_make_sense) {
    EXPECT_THROW(http::server(hello, {.trusted_proxies = {"my.proxy"}}), std::invalid_argument);
}

}  // namespace
