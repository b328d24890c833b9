// SPDX-License-Identifier: Apache-2.0
#include "tls/expected_host.hpp"

#include <gmock/gmock.h>

#include <stdexcept>
#include <string>

using testing::HasSubstr;

namespace {

TEST(expected_host, is_a_name_without_the_dot_at_its_end) {
    for (const std::string name : {"localhost", "Example.ORG", "a_b.c", "xn--bcher-kva.example", "-a.b", "1.2.3"}) {
        for (const char* end : {"", "."}) {
            const auto [host, is_address] = weft::parse_expected_host("f", name + end);
            EXPECT_EQ(host, name);
            EXPECT_FALSE(is_address);
        }
    }
    const std::string label(63, 'x');
    EXPECT_EQ(weft::parse_expected_host("f", label + "." + label).name, label + "." + label);
}

TEST(expected_host, is_an_address_without_its_zone) {
    for (const std::string address : {"192.0.2.1", "::1", "2001:db8::7", "::ffff:192.0.2.1"}) {
        const auto [host, is_address] = weft::parse_expected_host("f", address);
        EXPECT_EQ(host, address);
        EXPECT_TRUE(is_address);
    }
    EXPECT_EQ(weft::parse_expected_host("f", "fe80::1%eth0").name, "fe80::1");
    EXPECT_TRUE(weft::parse_expected_host("f", "fe80::1%eth0").is_address);
}

void refuses(const std::string& host, const char* why) {
    try {
        weft::parse_expected_host("start_tls", host);
        ADD_FAILURE() << host << " was taken";
    } catch (const std::invalid_argument& e) {
        EXPECT_THAT(e.what(), HasSubstr("start_tls: server_hostname "));
        EXPECT_THAT(e.what(), HasSubstr(why));
    }
}

TEST(expected_host, is_nothing_that_openssl_takes_for_any_host_below) {
    refuses(".example.org", "\".example.org\" is no host name: it begins with a dot");
    refuses(".", "it begins with a dot");
    refuses("..", "it begins with a dot");
    refuses(".192.0.2.1", "it begins with a dot");
}

TEST(expected_host, is_refused_where_python_refuses_it) {
    refuses("", "it is empty");
    refuses(std::string("localhost\0.example.org", 22), "it has a NUL byte");
    refuses(std::string("192.0.2.1\0", 10), "it has a NUL byte");
    refuses("a..example.org", "it has an empty label");
    refuses("example.org..", "it has an empty label");
    refuses(std::string(64, 'x') + ".org", "it has a label of more than 63 bytes");
    std::string longest(63, 'x');
    for (int i = 0; i < 3; ++i) longest += "." + std::string(63, 'x');
    EXPECT_EQ(weft::parse_expected_host("f", longest).name.size(), 255);
    refuses(longest + "y", "it is longer than 255 bytes");
    refuses("localhost%lo", "only an IPv6 address has a zone");
    refuses("192.0.2.1%lo", "only an IPv6 address has a zone");
    refuses("192.0.2.1.", "it is an address with a dot at its end");
}

TEST(expected_host, with_other_letters_is_wanted_in_its_idna_form) {
    refuses("b\xc3\xbc"
            "cher.example",
            "(xn--...)");
    refuses("\xe3\x80\x82"
            "example.org",
            "it has other letters than ASCII's");
}

}  // namespace
