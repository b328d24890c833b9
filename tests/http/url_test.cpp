// SPDX-License-Identifier: Apache-2.0
#include <weft/http/url.hpp>

#include <gmock/gmock.h>

#include <stdexcept>

namespace http = weft::http;
using testing::HasSubstr;
using testing::Not;

namespace {

TEST(url, has_parts) {
    const http::url u("HTTPS://Example.ORG:8443/a/b%20c;d?x=1&y=/?#top?");
    EXPECT_EQ(u.scheme(), "https");
    EXPECT_TRUE(u.is_secure());
    EXPECT_EQ(u.host(), "example.org");
    EXPECT_EQ(u.port(), 8443);
    EXPECT_EQ(u.path(), "/a/b%20c;d");
    EXPECT_EQ(u.query(), "x=1&y=/?");
    EXPECT_EQ(u.fragment(), "top?");
    EXPECT_EQ(u.authority(), "example.org:8443");
    EXPECT_EQ(u.target(), "/a/b%20c;d?x=1&y=/?");
    EXPECT_EQ(u.origin(), "https://example.org:8443");
    EXPECT_EQ(u.to_string(), "https://example.org:8443/a/b%20c;d?x=1&y=/?#top?");
}

struct text_of {
    const char *given, *text;
};

TEST(url, is_written_in_one_way) {
    for (const auto& [given, text] : {
             text_of{"http://a", "http://a/"},
             text_of{"http://a:80", "http://a/"},
             text_of{"http://a:", "http://a/"},
             text_of{"http://a:00080/", "http://a/"},
             text_of{"https://a:80", "https://a:80/"},
             text_of{"ws://A.b.:81?", "ws://a.b.:81/?"},
             text_of{"wss://a:443#", "wss://a/#"},
             text_of{"http://a/b/../../c/./d/..", "http://a/c/"},
             text_of{"http://a/b/%2E%2e/c", "http://a/c"},
             text_of{"http://a/..", "http://a/"},
             text_of{"http://a//b", "http://a//b"},
             text_of{"http://127.0.0.1:8080/", "http://127.0.0.1:8080/"},
             text_of{"http://[2001:DB8::1]:8080/x", "http://[2001:db8::1]:8080/x"},
             text_of{"http://[::ffff:192.0.2.1]", "http://[::ffff:192.0.2.1]/"},
             text_of{"http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"},
             text_of{"http://a_b.c-d~e/", "http://a_b.c-d~e/"},
             text_of{"http://1.2.3.example/", "http://1.2.3.example/"},
         }) {
        const http::url u(given);
        EXPECT_EQ(u.to_string(), text);
        EXPECT_EQ(http::url(u.to_string()), u) << given;
    }
    EXPECT_EQ(http::url("http://[::1]/").host(), "::1");
    EXPECT_EQ(http::url("http://a").port(), 80);
    EXPECT_EQ(http::url("wss://a").port(), 443);
}

TEST(url, keeps_credentials_apart_and_shows_them_to_nobody) {
    const http::url u("http://us%40er:p%3Aa:ss@example.org/");
    ASSERT_TRUE(u.credentials());
    EXPECT_EQ(u.credentials()->user, "us@er");
    EXPECT_EQ(u.credentials()->password, "p:a:ss");
    EXPECT_EQ(u.host(), "example.org");
    EXPECT_EQ(u.to_string(), "http://example.org/");
    EXPECT_EQ(http::url("http://user@example.org").credentials()->password, "");
    EXPECT_EQ(http::url("http://good.example:80@evil.example/").host(), "evil.example");
    for (const char* text : {"http://u:secret@", "http://u:secret@a b/", "http://u:secret@a:x/", "http://u:secret@a/ ",
                             "http://u:secret@[/"}) {
        try {
            const http::url parsed(text);
            ADD_FAILURE() << text;
        } catch (const std::invalid_argument& e) {
            EXPECT_THAT(e.what(), Not(HasSubstr("secret")));
        }
    }
}

TEST(url, refuses_what_others_may_read_otherwise) {
    for (const std::string text : {"",
                                   "/",
                                   "a",
                                   "//a/",
                                   "example.org",
                                   "example.org:80",
                                   "http:",
                                   "http:a",
                                   "http:/a",
                                   "http://",
                                   "http:///a",
                                   "http://?",
                                   "http://:80/",
                                   "ftp://a/",
                                   "file:///etc/passwd",
                                   "javascript:alert(1)",
                                   "gopher://a/",
                                   " http://a/",
                                   "http://a/ ",
                                   "http://a /",
                                   "http ://a/",
                                   "http://a/b c",
                                   "http://a\\b/",
                                   "http://a/\\b",
                                   "http:\\\\a/",
                                   "http://a\\@b/",
                                   "http://a@b@c/",
                                   "http://a/\r\nX: y",
                                   "http://a/\t",
                                   "http://a\t/",
                                   "http://a/%",
                                   "http://a/%4",
                                   "http://a/%zz",
                                   "http://a/?%g0",
                                   "http://a/#%",
                                   "http://a%2eb/",
                                   "http://a%00/",
                                   "http://a:b/",
                                   "http://a:-1/",
                                   "http://a:+1/",
                                   "http://a:0/",
                                   "http://a:65536/",
                                   "http://a:000080/",
                                   "http://a:80:80/",
                                   "http://a: 80/",
                                   "http://a:80a/",
                                   "http://a..b/",
                                   "http://.a/",
                                   "http://./",
                                   "http://a../",
                                   "http://a,b/",
                                   "http://a;b/",
                                   "http://a*b/",
                                   "http://a(b)/",
                                   "http://a|b/",
                                   "http://<a>/",
                                   "http://bücher.example/",
                                   "http://a/é",
                                   "http://a/?é",
                                   "http://a/[",
                                   "http://a/?x[]=1",
                                   "http://a/#^",
                                   "http://127.1/",
                                   "http://2130706433/",
                                   "http://0x7f000001/",
                                   "http://0x7f.1/",
                                   "http://0177.0.0.1/",
                                   "http://1.2.3.4.5/",
                                   "http://256.0.0.1/",
                                   "http://1.2.3.04/",
                                   "http://1.2.3.4./",
                                   "http://a.1/",
                                   "http://0x/",
                                   "http://[::1/",
                                   "http://[]/",
                                   "http://[::1]a/",
                                   "http://[::1%25eth0]/",
                                   "http://[fe80::1%eth0]/",
                                   "http://[1.2.3.4]/",
                                   "http://[v1.a]/",
                                   "http://::1/",
                                   "http://[::1]]/",
                                   "http://[[::1]]/"}) {
        EXPECT_THROW(http::url{text}, std::invalid_argument) << text;
    }
    EXPECT_THROW(http::url(std::string("http://a\0b/", 11)), std::invalid_argument);
    EXPECT_THROW(http::url(std::string("http://[::1\0]/", 14)), std::invalid_argument);
    EXPECT_THROW(http::url(std::string("http://[::1\0.evil.example]/", 27)), std::invalid_argument);
    EXPECT_THROW(http::url("http://" + std::string(64, 'a')), std::invalid_argument);
    EXPECT_NO_THROW(http::url("http://" + std::string(63, 'a')));
    std::string longest;
    for (int i = 0; i < 127; ++i) longest += "a.";
    EXPECT_NO_THROW(http::url("http://" + longest + "/"));
    EXPECT_THROW(http::url("http://" + longest + "a/"), std::invalid_argument);
}

TEST(url, says_what_is_wrong_with_it) {
    const auto why = [](const char* text) -> std::string {
        try {
            return http::url(text).to_string();
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
    };
    EXPECT_EQ(why("ftp://a"), "http: no URL: its scheme 'ftp' is none of http, https, ws, wss");
    EXPECT_EQ(why("example.org"), "http: no URL: 'scheme://host' is missing");
    EXPECT_EQ(why("http://a:99999/"), "http: no URL: ':99999' behind its host is no port");
    EXPECT_EQ(why("http://127.1/"), "http: no URL: its host '127.1' ends in a number, and is no IPv4 address");
    EXPECT_EQ(why("http://a/b\nc"), "http: no URL: its path has a '?' that is not percent-encoded");
    EXPECT_EQ(why("http://a/?b c"), "http: no URL: its query has a ' ' that is not percent-encoded");
}

// RFC 3986 5.4, which urllib.parse.urljoin of CPython 3.11 agrees with; of another scheme there is none.
TEST(url, resolves_references) {
    const http::url base("http://a/b/c/d;p?q");
    for (const auto& [reference, text] : {
             text_of{"g", "http://a/b/c/g"},
             text_of{"./g", "http://a/b/c/g"},
             text_of{"g/", "http://a/b/c/g/"},
             text_of{"/g", "http://a/g"},
             text_of{"//g", "http://g/"},
             text_of{"?y", "http://a/b/c/d;p?y"},
             text_of{"g?y", "http://a/b/c/g?y"},
             text_of{"#s", "http://a/b/c/d;p?q#s"},
             text_of{"g#s", "http://a/b/c/g#s"},
             text_of{"g?y#s", "http://a/b/c/g?y#s"},
             text_of{";x", "http://a/b/c/;x"},
             text_of{"g;x", "http://a/b/c/g;x"},
             text_of{"g;x?y#s", "http://a/b/c/g;x?y#s"},
             text_of{"", "http://a/b/c/d;p?q"},
             text_of{".", "http://a/b/c/"},
             text_of{"./", "http://a/b/c/"},
             text_of{"..", "http://a/b/"},
             text_of{"../", "http://a/b/"},
             text_of{"../g", "http://a/b/g"},
             text_of{"../..", "http://a/"},
             text_of{"../../g", "http://a/g"},
             text_of{"../../../g", "http://a/g"},
             text_of{"../../../../g", "http://a/g"},
             text_of{"/./g", "http://a/g"},
             text_of{"/../g", "http://a/g"},
             text_of{"g.", "http://a/b/c/g."},
             text_of{".g", "http://a/b/c/.g"},
             text_of{"g..", "http://a/b/c/g.."},
             text_of{"..g", "http://a/b/c/..g"},
             text_of{"./../g", "http://a/b/g"},
             text_of{"./g/.", "http://a/b/c/g/"},
             text_of{"g/./h", "http://a/b/c/g/h"},
             text_of{"g/../h", "http://a/b/c/h"},
             text_of{"g;x=1/./y", "http://a/b/c/g;x=1/y"},
             text_of{"g;x=1/../y", "http://a/b/c/y"},
             text_of{"g?y/./x", "http://a/b/c/g?y/./x"},
             text_of{"g?y/../x", "http://a/b/c/g?y/../x"},
             text_of{"g#s/../x", "http://a/b/c/g#s/../x"},
             text_of{"https://b:443/x", "https://b/x"},
             text_of{"//a:81/x", "http://a:81/x"},
             text_of{"g?a:b", "http://a/b/c/g?a:b"},
             text_of{"./g:h", "http://a/b/c/g:h"},
         }) {
        EXPECT_EQ(base.resolve(reference).to_string(), text) << reference;
    }
}

TEST(url, resolves_references_as_people_write_them) {
    const http::url base("http://a/b/c?d");
    EXPECT_EQ(base.resolve("/x y/é?a[]=1|2#{t}").to_string(), "http://a/x%20y/%C3%A9?a%5B%5D=1%7C2#%7Bt%7D");
    for (const char* reference :
         {"/a\\b", "\\\\evil.example", "/\\evil.example", "/a\r\nb", "/%zz", "g:h", "http:g", "javascript:alert(1)",
          "http:///x", "//", "///x", "//b c/", "//é/", "mailto:a@b", ":x"}) {
        EXPECT_THROW(base.resolve(reference), std::invalid_argument) << reference;
    }
}

TEST(url, takes_credentials_along_where_the_authority_stays) {
    const http::url base("http://u:p@a/b");
    EXPECT_TRUE(base.resolve("c").credentials());
    EXPECT_FALSE(base.resolve("//a/c").credentials());
    EXPECT_FALSE(base.resolve("http://evil.example/").credentials());
    EXPECT_EQ(base.resolve("//v:w@b/").credentials()->user, "v");
}

}  // namespace
