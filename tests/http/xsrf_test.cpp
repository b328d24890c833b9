// SPDX-License-Identifier: Apache-2.0
// What lets no page of another site act in a visitor's name.
#include <weft/http/xsrf.hpp>

#include "http/made_request.hpp"
#include "http/posts.hpp"

#include <gmock/gmock.h>

#include <set>

using namespace weft_test;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

const std::string key = "0123456789abcdef0123456789abcdef";
const char* const ok = "HTTP/1.1 200 ";
const char* const forbidden = "HTTP/1.1 403 ";

std::string between(std::string_view text, std::string_view before, std::string_view after) {
    const std::size_t begin = text.find(before);
    if (begin == text.npos) return "nothing";
    const std::string_view rest = text.substr(begin + before.size());
    return std::string(rest.substr(0, rest.find(after)));
}

/// A site with a page at "/" whose form it takes there, and one visitor.
class a_protected_site : public testing::Test {
protected:
    void SetUp() override {
        if (!WEFT_WITH_TLS) GTEST_SKIP() << "this weft has no OpenSSL";
    }

    static http::router routes(http::xsrf_options options = {}) {
        http::router all;
        all.use(http::xsrf(http::signer({key}), std::move(options)));
        all.get("/", [](http::request& r) -> task<http::response> {
            co_return http::response::html(http::xsrf_field(r) + http::xsrf_token(r));
        });
        all.get("/plain", hello);
        const auto take = [](http::request& r) -> task<http::response> {
            const http::form fields = co_await r.any_form();
            co_return http::response::text("took " + fields.to_string());
        };
        all.post("/", take);
        all.post("/raw", echo);
        all.post("/hooks/{id}", echo);
        all.post("/api/v1/thing", echo);
        return all;
    }

    /// One conversation with it, in which a visitor looks at the page first.
    template <class Body>
    void visit(http::xsrf_options options, Body body) {
        weft::testing::run([](a_protected_site& self, http::router all, Body run) -> task<> {
            http::server server(std::move(all));
            conversation c(server);
            self.page_ = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
            self.token_ = between(self.page_, "value=\"", "\"");
            self.cookie_ = "Cookie: " + between(self.page_, "Set-Cookie: ", ";") + "\r\n";
            co_await run(c);
        }(*this, routes(std::move(options)), std::move(body)));
    }
    template <class Body>
    void visit(Body body) {
        visit({}, std::move(body));
    }

    static std::string post_to(std::string_view path, std::string_view body, const std::string& fields,
                               std::string_view type = urlencoded) {
        std::string text = post(type, body, fields);
        return "POST " + std::string(path) + text.substr(text.find(" HTTP"));
    }
    std::string form(const std::string& more = "a=1") const { return more + "&_xsrf=" + token_; }

    std::string page_, token_, cookie_;
};

TEST_F(a_protected_site, takes_a_form_with_its_token_and_the_handler_still_reads_it) {
    visit([this](conversation& c) -> task<> {
        EXPECT_EQ(token_.size(), 43u);
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_)), EndsWith("took a=1&_xsrf=" + token_));
        EXPECT_THAT(co_await c.ask(post_to("/raw", form(), cookie_)), EndsWith("\r\na=1&_xsrf=" + token_));
        const std::string fields = part("name=_xsrf", token_) + part("name=a", std::string(100'000, 'x')) + "--b--";
        EXPECT_THAT(co_await c.ask(post(multipart, fields, cookie_)),
                    AllOf(StartsWith(ok), EndsWith("&a=" + std::string(100'000, 'x'))));
    });
}

TEST_F(a_protected_site, takes_the_token_from_the_head) {
    visit([this](conversation& c) -> task<> {
        for (const std::string name : {"X-XSRFToken: ", "x-csrftoken: "}) {
            const std::string field = name + token_ + "\r\n";
            EXPECT_THAT(co_await c.ask(post_to("/raw", "{}", cookie_ + field, "application/json")), EndsWith("\r\n{}"));
        }
        EXPECT_THAT(co_await c.ask(post_to("/raw", "{}", cookie_ + "X-XSRFToken: x\r\n", "application/json")),
                    StartsWith(forbidden));
    });
}

TEST_F(a_protected_site, refuses_what_has_no_token_or_another_visitors) {
    visit([this](conversation& c) -> task<> {
        EXPECT_THAT(co_await c.ask(post(urlencoded, "a=1", cookie_)),
                    AllOf(StartsWith(forbidden), HasSubstr("no XSRF token")));
        EXPECT_THAT(co_await c.ask(post(urlencoded, form())),
                    AllOf(StartsWith(forbidden), HasSubstr("cookie is gone")));
        EXPECT_THAT(co_await c.ask(post("", "", cookie_)), StartsWith(forbidden));
        EXPECT_THAT(co_await c.ask(post("application/json", "{}", cookie_)), StartsWith(forbidden));
        const std::string late = part("name=a", "1") + part("name=_xsrf", token_) + "--b--";
        EXPECT_THAT(co_await c.ask(post(multipart, late, cookie_)), StartsWith(forbidden));
        EXPECT_THAT(co_await c.ask(post(multipart, part("name=_xsrf; filename=x", token_) + "--b--", cookie_)),
                    StartsWith(forbidden));
        const std::string other = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + between(other, "value=\"", "\""), cookie_)),
                    AllOf(StartsWith(forbidden), HasSubstr("not this visitor")));
    });
}

TEST_F(a_protected_site, refuses_every_token_that_was_changed) {
    visit([this](conversation& c) -> task<> {
        for (std::size_t at = 0; at < token_.size(); at += 6) {
            std::string changed = token_;
            changed[at] = changed[at] == 'A' ? 'B' : 'A';
            EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + changed, cookie_)), StartsWith(forbidden)) << at;
        }
        for (const std::string& none : {token_.substr(1), token_ + "A", std::string(), std::string("AAAA")}) {
            EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + none, cookie_)), StartsWith(forbidden)) << none;
        }
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), "Cookie: _xsrf=1.2.3.4\r\n")), StartsWith(forbidden));
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), "Cookie: _xsrf=" + token_ + "\r\n")),
                    StartsWith(forbidden));
    });
}

TEST_F(a_protected_site, shows_each_page_another_mask_over_the_same_secret) {
    visit([this](conversation& c) -> task<> {
        std::set<std::string> seen{token_};
        for (int i = 0; i < 5; ++i) {
            const std::string page = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n" + cookie_ + "\r\n");
            EXPECT_TRUE(seen.insert(between(page, "value=\"", "\"")).second);
            EXPECT_TRUE(seen.insert(page.substr(page.rfind('>') + 1)).second);
            const std::string newer = "Cookie: " + between(page, "Set-Cookie: ", ";") + "\r\n";
            EXPECT_THAT(co_await c.ask(post(urlencoded, form(), newer)), StartsWith(ok));
        }
        for (const std::string& each : seen) {
            EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + each, cookie_)), StartsWith(ok));
        }
    });
}

TEST_F(a_protected_site, gives_its_cookie_with_a_page_that_has_the_token_alone) {
    visit([this](conversation& c) -> task<> {
        EXPECT_THAT(page_, AllOf(HasSubstr("; Path=/; HttpOnly; SameSite=Lax\r\n"), HasSubstr("Vary: Cookie\r\n"),
                                 HasSubstr("Cache-Control: private\r\n")));
        EXPECT_THAT(page_, HasSubstr("<input type=\"hidden\" name=\"_xsrf\" value=\"" + token_ + "\">"));
        EXPECT_THAT(co_await c.ask("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"), Not(HasSubstr("Set-Cookie")));
    });
}

TEST_F(a_protected_site, refuses_what_a_browser_says_comes_from_elsewhere_whatever_it_has) {
    visit([this](conversation& c) -> task<> {
        const auto from = [&](std::string fields) { return post(urlencoded, form(), cookie_ + fields); };
        for (const char* const site : {"cross-site", "same-site", "", "Same-Origin"}) {
            EXPECT_THAT(co_await c.ask(from("Sec-Fetch-Site: " + std::string(site) + "\r\n")),
                        AllOf(StartsWith(forbidden), HasSubstr("another site")));
        }
        for (const char* const origin : {"http://evil", "http://a.evil", "null", "http://a:81", "http://a@evil", "//a",
                                         "ftp://a", "", "http://ab", "http://"}) {
            EXPECT_THAT(co_await c.ask(from("Origin: " + std::string(origin) + "\r\n")), StartsWith(forbidden))
                << origin;
        }
        for (const char* const fields : {"Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n",
                                         "Origin: http://a\r\n", "Origin: https://a\r\n", "Origin: http://A:80\r\n",
                                         "Sec-Fetch-Site: same-origin\r\nOrigin: http://proxied\r\n"}) {
            EXPECT_THAT(co_await c.ask(from(fields)), StartsWith(ok)) << fields;
        }
    });
}

TEST_F(a_protected_site, that_speaks_tls_refuses_pages_that_came_without) {
    weft::testing::run([]() -> task<> {
        const http::router site = routes();
        for (const bool is_secure : {false, true}) {
            made_request asked("Origin: http://a\r\nX-XSRFToken: x\r\n", is_secure, "/", "POST");
            std::string why;
            try {
                co_await site(*asked);
            } catch (const http::http_error& e) {
                why = e.what();
            }
            EXPECT_THAT(why, HasSubstr(is_secure ? "another site" : "cookie is gone"));
        }
        made_request asked({}, true);
        const http::response page = co_await site(*asked);
        EXPECT_THAT(page.headers().get("Set-Cookie").value(), HasSubstr("; Secure"));
    }());
}

TEST_F(a_protected_site, knows_whom_it_trusts_and_wants_their_token_too) {
    visit({.trusted_origins = {"https://app"}}, [this](conversation& c) -> task<> {
        const std::string from = "Origin: https://app\r\nSec-Fetch-Site: cross-site\r\n";
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_ + from)), StartsWith(ok));
        EXPECT_THAT(co_await c.ask(post(urlencoded, "a=1", cookie_ + from)), StartsWith(forbidden));
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_ + "Origin: https://app.evil\r\n")),
                    StartsWith(forbidden));
    });
}

TEST_F(a_protected_site, lets_pass_what_it_is_told_to) {
    visit({.exempt = {"/hooks/{id}", "/api/*"},
           .exempt_if = [](const http::request& r) { return !r.header("X-Key").empty(); }},
          [](conversation& c) -> task<> {
              const std::string cross = "Sec-Fetch-Site: cross-site\r\n";
              EXPECT_THAT(co_await c.ask(post_to("/hooks/1", "x", cross)), StartsWith(ok));
              EXPECT_THAT(co_await c.ask(post_to("/api/v1/thing", "x", cross)), StartsWith(ok));
              EXPECT_THAT(co_await c.ask(post_to("/raw", "x", cross + "X-Key: 1\r\n")), StartsWith(ok));
              EXPECT_THAT(co_await c.ask(post_to("/raw", "x", "")), StartsWith(forbidden));
              EXPECT_THAT(co_await c.ask(post_to("/api/../raw", "x", "")), StartsWith(forbidden));
          });
}

TEST_F(a_protected_site, tells_sessions_apart) {
    const auto session = [](const http::request& r) { return std::string(r.header("X-Session")); };
    visit({.session = session}, [this](conversation& c) -> task<> {
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_)), StartsWith(ok));
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_ + "X-Session: victim\r\n")), StartsWith(forbidden));
    });
}

TEST_F(a_protected_site, forgets_a_page_that_has_lain_around) {
    visit({.max_age = std::chrono::seconds(-1)}, [this](conversation& c) -> task<> {
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), cookie_)),
                    AllOf(StartsWith(forbidden), HasSubstr("too old")));
    });
}

TEST_F(a_protected_site, is_not_kept_from_its_own_cookie_by_one_that_was_planted) {
    visit([this](conversation& c) -> task<> {
        const std::string planted = "Cookie: _xsrf=evil; " + cookie_.substr(8);
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), planted)), StartsWith(ok));
    });
}

TEST_F(a_protected_site, takes_the_token_of_any_cookie_that_it_has_given) {
    visit([this](conversation& c) -> task<> {
        const std::string other = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        const std::string both = "Cookie: " + between(other, "Set-Cookie: ", ";") + "; " + cookie_.substr(8);
        EXPECT_THAT(co_await c.ask(post(urlencoded, form(), both)), StartsWith(ok));
        EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + between(other, "value=\"", "\""), both)),
                    StartsWith(ok));
        const std::string nobodys = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + between(nobodys, "value=\"", "\""), both)),
                    AllOf(StartsWith(forbidden), HasSubstr("not this visitor")));
        const std::string page = co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n" + both + "\r\n");
        EXPECT_THAT(co_await c.ask(post(urlencoded, "_xsrf=" + between(page, "value=\"", "\""), both)), StartsWith(ok));
    });
}

TEST_F(a_protected_site, keeps_no_more_of_a_form_than_it_is_told_to) {
    visit({.form_bytes = 100}, [this](conversation& c) -> task<> {
        const std::string large = form("a=" + std::string(200, 'x'));
        EXPECT_THAT(co_await c.ask(post(urlencoded, large, cookie_)), StartsWith("HTTP/1.1 413 "));
    });
    visit({.form_bytes = 100}, [this](conversation& c) -> task<> {
        const std::string large = form("a=" + std::string(200, 'x'));
        EXPECT_THAT(co_await c.ask(post(urlencoded, large, cookie_ + "X-XSRFToken: " + token_ + "\r\n")),
                    StartsWith(ok));
    });
    visit([this](conversation& c) -> task<> {
        const std::string fields = part("name=_xsrf", token_ + std::string(60'000, 'x')) + "--b--";
        EXPECT_THAT(co_await c.ask(post(multipart, fields, cookie_)), StartsWith(forbidden));
    });
}

TEST_F(a_protected_site, says_what_a_programmer_has_left_out) {
    EXPECT_THAT(answer_to("GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                          [](http::request& r) -> task<http::response> {
                              try {
                                  co_return http::response::text(http::xsrf_token(r));
                              } catch (const weft::invalid_state_error& e) {
                                  co_return http::response::text(e.what());
                              }
                          }),
                EndsWith("no xsrf() stands around this handler"));
    EXPECT_THROW(http::xsrf(http::signer({key}), {.name = "a b"}), std::invalid_argument);
}

TEST_F(a_protected_site, gives_no_token_when_its_cookie_cannot_come_along) {
    std::string said;
    http::router all;
    all.use(http::xsrf(http::signer({key})));
    all.get("/", [&](http::request& r) -> task<http::response> {
        co_return http::response::stream([&](http::body_writer&) -> task<> {
            try {
                said = http::xsrf_token(r);
            } catch (const weft::invalid_state_error& e) {
                said = e.what();
            }
            co_return;
        });
    });
    weft::testing::run([](http::router routes) -> task<> {
        http::server server(std::move(routes));
        conversation c(server);
        co_await c.ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }(std::move(all)));
    EXPECT_THAT(said, HasSubstr("have gone"));
}

}  // namespace
