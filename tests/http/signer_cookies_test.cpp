// SPDX-License-Identifier: Apache-2.0
// Cookies that a client cannot make up.
#include <weft/http/signer.hpp>

#include "http/made_request.hpp"

#include <weft/http/response.hpp>

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;
using weft_test::made_request;
namespace http = weft::http;

namespace {

const std::string key = "0123456789abcdef0123456789abcdef", other_key = "an entirely different key";

class signed_cookies : public testing::Test {
protected:
    void SetUp() override {
        if (!WEFT_WITH_TLS) GTEST_SKIP() << "this weft has no OpenSSL";
    }
    /// "name=value" as a client brings it back.
    static std::string given(const http::signer& by, http::set_cookie cookie) {
        made_request to;
        http::response r;
        r.set_signed_cookie(*to, by, std::move(cookie));
        const std::string_view field = r.headers().get("Set-Cookie").value();
        return std::string(field.substr(0, field.find(';')));
    }
    static std::optional<std::string> read(const http::signer& by, std::string_view name, const std::string& cookies) {
        return made_request("Cookie: " + cookies + "\r\n")->signed_cookie(by, name);
    }
};

TEST_F(signed_cookies, come_back_as_they_were_given) {
    const http::signer by({key});
    for (const std::string value : {"ann", "", "a b; c\r\nX: y", "1.2.3", "\xff"}) {
        EXPECT_EQ(read(by, "user", given(by, {.name = "user", .value = value})), value);
    }
    EXPECT_EQ(made_request()->signed_cookie(by, "user"), std::nullopt);
    EXPECT_EQ(read(by, "user", "user=ann"), std::nullopt);
}

TEST_F(signed_cookies, have_the_attributes_of_others) {
    const http::signer by({key});
    made_request to({}, true);
    http::response r;
    r.set_signed_cookie(*to, by, {.name = "user", .value = "ann", .max_age = 1h});
    EXPECT_THAT(*r.headers().get("Set-Cookie"), HasSubstr("; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax"));
    EXPECT_THAT(*r.headers().get("Set-Cookie"), Not(HasSubstr("ann")));
    EXPECT_THROW(r.set_signed_cookie(*to, by, {.name = "user", .value = std::string(4000, 'x')}),
                 std::invalid_argument);
}

TEST_F(signed_cookies, count_for_their_name_alone) {
    const http::signer by({key});
    std::string cookie = given(by, {.name = "user", .value = "ann"});
    EXPECT_EQ(read(by, "admin", "admin" + cookie.substr(cookie.find('='))), std::nullopt);
    const auto other_use = by.sign("user", "99999999999.ann", std::chrono::sys_seconds());
    EXPECT_EQ(read(by, "user", "user=" + other_use), std::nullopt);
}

TEST_F(signed_cookies, expire_whatever_the_client_does) {
    const http::signer by({key});
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    EXPECT_EQ(read(by, "a", given(by, {.name = "a", .value = "b", .expires = now - 1s})), std::nullopt);
    EXPECT_EQ(read(by, "a", given(by, {.name = "a", .value = "b", .expires = now + 1h})), "b");
    EXPECT_EQ(read(by, "a", given(by, {.name = "a", .value = "b", .max_age = 0s})), std::nullopt);
    EXPECT_EQ(read(by, "a", given(by, {.name = "a", .value = "b", .max_age = std::chrono::seconds::max()})), "b");
    EXPECT_EQ(read(by, "a", given(by, {.name = "a", .value = "b", .max_age = std::chrono::seconds::min()})),
              std::nullopt);
}

TEST_F(signed_cookies, outlive_a_change_of_keys_while_the_old_one_is_kept) {
    const http::signer old({key}), both({other_key, key}), fresh({other_key});
    const std::string cookie = given(old, {.name = "user", .value = "ann"});
    EXPECT_EQ(read(both, "user", cookie), "ann");
    EXPECT_EQ(read(fresh, "user", cookie), std::nullopt);
    EXPECT_EQ(read(fresh, "user", given(both, {.name = "user", .value = "ann"})), "ann");
}

TEST_F(signed_cookies, are_found_behind_some_that_another_host_has_planted) {
    const http::signer by({key});
    const std::string own = given(by, {.name = "user", .value = "ann"});
    EXPECT_EQ(read(by, "user", "user=eve; user=; " + own), "ann");
    std::string many;
    for (int i = 0; i < 10; ++i) many += "user=eve; ";
    EXPECT_EQ(read(by, "user", many + own), std::nullopt);
}

}  // namespace
