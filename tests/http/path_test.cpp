// SPDX-License-Identifier: Apache-2.0
#include <weft/http/http_error.hpp>
#include <weft/http/path.hpp>

#include <gtest/gtest.h>

namespace http = weft::http;

namespace {

struct decoded {
    const char *raw, *path;
};

TEST(path, is_decoded_once_and_without_dot_segments) {
    for (const auto& [raw, path] : {
             decoded{"/", "/"},
             decoded{"/a/b", "/a/b"},
             decoded{"/a/b/", "/a/b/"},
             decoded{"/caf%c3%a9/%20", "/café/ "},
             decoded{"/a+b;c=d", "/a+b;c=d"},
             decoded{"/./a/./b/.", "/a/b/"},
             decoded{"/a/../b", "/b"},
             decoded{"/a/..", "/"},
             decoded{"/a/b/../../c", "/c"},
             decoded{"/a/%2e%2E/b", "/b"},
             decoded{"/a/.%2e/b/%2e", "/b/"},
             decoded{"/%252e%252e/etc", "/%2e%2e/etc"},
             decoded{"/%2541", "/%41"},
             decoded{"/...", "/..."},
             decoded{"/a..b/.c", "/a..b/.c"},
             decoded{"//", "//"},
             decoded{"//evil.example", "//evil.example"},
             decoded{"/a//../b", "/a/b"},
             decoded{"/..;/a", "/..;/a"},
         }) {
        EXPECT_EQ(http::decode_path(raw), path) << raw;
    }
}

TEST(path, refuses_to_leave_the_root_in_every_encoding) {
    for (const char* raw : {"/..",
                            "/../",
                            "/../etc/passwd",
                            "/a/../../etc",
                            "/%2e%2e/etc",
                            "/.%2e/etc",
                            "/%2E./etc",
                            "/a/%2e%2e/%2e%2e/etc",
                            "/..%2fetc",
                            "/..%2Fetc",
                            "/%2e%2e%2fetc",
                            "/..\\etc",
                            "/..%5cetc",
                            "/%2e%2e%5Cetc",
                            "/..%00/etc",
                            "/a%00.png",
                            "/%c0%ae%c0%ae/etc",
                            "/%c0%af",
                            "/%e0%80%af",
                            "/%ed%a0%80",
                            "/%ff",
                            "/caf\xe9",
                            "/a%0d%0ab",
                            "/a%1b",
                            "/%7f",
                            "/%",
                            "/%2",
                            "/%zz",
                            "",
                            "a",
                            "..",
                            "*",
                            "\\",
                            "%2fetc"}) {
        try {
            const std::string path = http::decode_path(raw);
            ADD_FAILURE() << raw << " is " << path;
        } catch (const http::http_error& e) {
            EXPECT_EQ(e.status(), http::status::bad_request);
        }
    }
}

TEST(path, that_goes_down_and_up_a_thousand_times_is_the_root) {
    std::string raw;
    for (int i = 0; i < 1000; ++i) raw += "/a";
    for (int i = 0; i < 1000; ++i) raw += "/..";
    EXPECT_EQ(http::decode_path(raw), "/");
    EXPECT_THROW(http::decode_path(raw + "/.."), http::http_error);
}

}  // namespace
