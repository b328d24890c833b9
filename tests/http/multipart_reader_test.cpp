// SPDX-License-Identifier: Apache-2.0
#include <weft/http/multipart_reader.hpp>

#include "http/posts.hpp"

#include <gmock/gmock.h>

using namespace std::chrono_literals;
using namespace weft_test;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;
using weft::task;
namespace http = weft::http;

namespace {

const std::string two_parts = part("name=title", "a cat") +
                              part("name=picture; filename=\"C:\\x\\..cat.png\"", "0123456789") + "--b--\r\nepilogue";

/// Names, types and contents of all parts.
task<http::response> tell(http::request& r) {
    std::string told;
    auto form = co_await r.multipart();
    while (auto part = co_await form.next()) {
        told +=
            part->name() + (part->is_file() ? "(" + part->filename() + ")" : "") + "=" + co_await part->text() + ";";
    }
    co_return http::response::text(told);
}

/// What `body` answers, or the error of misuse that it ends with.
template <class Body>
http::handler or_misuse(Body body) {
    return [body](http::request& r) -> task<http::response> {
        std::string why;
        try {
            co_return http::response::text(co_await body(r));
        } catch (const weft::invalid_state_error& e) {
            why = e.what();
        }
        co_return http::response::text("misuse: " + why);
    };
}

TEST(multipart_reader, gives_part_after_part) {
    EXPECT_THAT(answer_to(post(multipart, two_parts), tell), EndsWith("\r\ntitle=a cat;picture(cat.png)=0123456789;"));
    EXPECT_THAT(answer_to(post(multipart, part("name=a; filename=\"\"", "") + "--b--"), tell), EndsWith("\r\na=;"));
    EXPECT_THAT(answer_to(post(multipart, "--b--"), tell), StartsWith("HTTP/1.1 200 "));
}

TEST(multipart_reader, does_not_mind_how_the_body_is_cut) {
    with_server(tell, [](http::server& s) -> task<> {
        conversation c(s);
        const std::string all = post(multipart, two_parts);
        for (const char byte : all) {
            co_await c.say(std::string(1, byte));
            co_await weft::yield_now();
        }
        EXPECT_THAT(co_await c.hear(), EndsWith("\r\ntitle=a cat;picture(cat.png)=0123456789;"));
    });
}

TEST(multipart_reader, skips_what_nobody_reads) {
    const auto names = [](http::request& r) -> task<http::response> {
        std::string told;
        auto form = co_await r.multipart();
        std::byte some[3];
        while (auto part = co_await form.next()) {
            told += part->name() + std::to_string(co_await part->read_some(some)) + ";";
        }
        co_return http::response::text(told + (co_await form.next() ? "more" : "over"));
    };
    const std::string body = part("name=a", std::string(100'000, 'x')) + two_parts;
    const std::string heard = answer_to(post(multipart, body) + post(multipart, two_parts), names);
    EXPECT_THAT(heard, testing::AllOf(HasSubstr("\r\na3;title3;picture3;over"), EndsWith("\r\ntitle3;picture3;over")));
}

TEST(multipart_reader, tells_of_a_parts_head) {
    const std::string body =
        "--b\r\nContent-Disposition: form-data; name=f; filename=\"../../etc/passwd\"\r\nContent-Type: image/png\r\n"
        "X-More: yes\r\n\r\n\r\n--b--";
    EXPECT_THAT(answer_to(post(multipart, body),
                          [](http::request& r) -> task<http::response> {
                              auto form = co_await r.multipart();
                              const auto part = *co_await form.next();
                              co_await form.next();  // what the head said stays
                              co_return http::response::text(
                                  part.name() + " " + part.filename() + " " + part.content_type() + " " +
                                  std::string(*part.headers().get("x-more")) + " " + *part.head().filename);
                          }),
                EndsWith("\r\nf passwd image/png yes ../../etc/passwd"));
}

TEST(multipart_part, has_a_limit_of_its_own_and_the_next_part_none_the_worse_for_it) {
    EXPECT_THAT(answer_to(post(multipart, part("name=long", std::string(70'000, 'x')) + two_parts),
                          [](http::request& r) -> task<http::response> {
                              auto form = co_await r.multipart();
                              auto part = co_await form.next();
                              std::string told;
                              try {
                                  co_await part->text();
                              } catch (const http::http_error& e) {
                                  told = std::to_string(http::to_number(e.status())) + " " + e.what() + "; ";
                              }
                              part = co_await form.next();
                              co_return http::response::text(told + co_await part->text(5));
                          }),
                EndsWith("\r\n413 long: too large; a cat"));
}

TEST(multipart_part, is_text_only_in_utf_8) {
    EXPECT_THAT(answer_to(post(multipart, part("name=a", "\xff") + "--b--"), tell), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post(multipart, part("name=a", "\xff") + "--b--"),
                          [](http::request& r) -> task<http::response> {
                              auto form = co_await r.multipart();
                              co_return http::response::text(co_await (co_await form.next())->bytes());
                          }),
                EndsWith("\r\n\xff"));
}

TEST(multipart_reader, loses_nothing_when_it_is_cancelled) {
    const auto patient = [](http::request& r) -> task<http::response> {
        auto form = co_await r.multipart();
        std::optional<http::multipart_part> part;
        int waits = 0;
        while (!part) {
            try {
                part = co_await weft::wait_for(form.next(), 1s);
            } catch (const weft::timeout_error&) {
                ++waits;
            }
        }
        std::string text;
        for (std::byte byte[1];;) {
            try {
                if (co_await weft::wait_for(part->read_some(byte), 1s) == 0) break;
                text += static_cast<char>(byte[0]);
            } catch (const weft::timeout_error&) {
                ++waits;
            }
        }
        co_return http::response::text(text + (waits > 2 ? " in pieces" : " at once"));
    };
    http::server_options options;
    options.limits.body_bytes_per_second = 0;
    with_server(patient, options, [](http::server& s) -> task<> {
        conversation c(s);
        std::string left = post(multipart, two_parts);
        for (const std::string_view until : {"\r\n\r\n", "form-", "a", "cat", "--b", "--b--"}) {
            const std::size_t end = left.find(until) + until.size();
            co_await c.say(left.substr(0, end));
            left.erase(0, end);
            co_await weft::sleep(1500ms);
        }
        EXPECT_THAT(co_await c.ask(left), EndsWith("a cat in pieces"));
    });
}

// Misuse

TEST(multipart_part, that_is_used_after_the_next_was_asked_for_says_so) {
    const auto stale = [](auto use) {
        return answer_to(post(multipart, two_parts), or_misuse([use](http::request& r) -> task<std::string> {
                             auto form = co_await r.multipart();
                             auto first = *co_await form.next();
                             auto early = first.text();  // asked for, and not awaited yet
                             auto second = *co_await form.next();
                             co_await use(first, early);
                             co_return co_await second.text();
                         }));
    };
    const char* const why = "misuse: http: a part of a form is read after the next was asked for";
    using part_t = http::multipart_part;
    using text_t = task<std::string>;
    EXPECT_THAT(stale([](part_t& first, text_t&) -> task<> { co_await first.text(); }), EndsWith(why));
    EXPECT_THAT(stale([](part_t&, text_t& early) -> task<> { co_await std::move(early); }), EndsWith(why));
    EXPECT_THAT(stale([](part_t& first, text_t&) -> task<> { co_await first.save_to("/nowhere/at/all"); }),
                EndsWith(why));
    EXPECT_THAT(stale([](part_t& first, text_t&) -> task<> {
                    std::byte b[1];
                    co_await first.read_some(b);
                }),
                EndsWith(why));
    EXPECT_THAT(stale([](part_t&, text_t&) -> task<> { co_return; }), EndsWith("\r\n0123456789"));
}

TEST(multipart_part, may_be_gone_before_its_content_is_awaited) {
    EXPECT_THAT(answer_to(post(multipart, two_parts),
                          [](http::request& r) -> task<http::response> {
                              std::optional<http::multipart_reader> form = co_await r.multipart();
                              auto part = co_await form->next();
                              auto text = part->text();
                              part.reset();
                              form.reset();
                              co_return http::response::text(co_await std::move(text));
                          }),
                EndsWith("\r\na cat"));
}

TEST(multipart_reader, that_outlives_its_request_says_so) {
    std::optional<http::multipart_reader> kept;
    std::optional<http::multipart_part> kept_part;
    const http::handler keeps = [&](http::request& r) -> task<http::response> {
        kept = co_await r.multipart();
        kept_part = co_await kept->next();
        co_return http::response();
    };
    std::string why;
    with_server([&](http::request& r) { return keeps(r); },
                [&](http::server& s) -> task<> {
                    conversation c(s);
                    co_await c.ask(post(multipart, two_parts));
                    try {
                        co_await kept->next();
                    } catch (const weft::invalid_state_error& e) {
                        why += e.what();
                    }
                    try {
                        co_await kept_part->text();
                    } catch (const weft::invalid_state_error& e) {
                        why += std::string("; ") + e.what();
                    }
                });
    EXPECT_EQ(why, "http: a form is read after its request has been answered; "
                   "http: a form is read after its request has been answered");
}

TEST(multipart_reader, is_asked_for_once_of_a_body_that_nobody_has_read) {
    EXPECT_THAT(answer_to(post(multipart, two_parts), or_misuse([](http::request& r) -> task<std::string> {
                              auto form = co_await r.multipart();
                              auto again = co_await r.multipart();
                              co_return "twice";
                          })),
                EndsWith("has been asked for already"));
    EXPECT_THAT(answer_to(post(multipart, two_parts), or_misuse([](http::request& r) -> task<std::string> {
                              co_await r.body();
                              auto form = co_await r.multipart();
                              co_await form.next();
                              co_return "empty";
                          })),
                EndsWith("has been read already"));
}

TEST(multipart_reader, serves_one_task_at_a_time) {
    with_server(or_misuse([](http::request& r) -> task<std::string> {
                    auto form = co_await r.multipart();
                    auto part = *co_await form.next();
                    auto [a, b] = co_await weft::gather_settled(part.text(), part.text());
                    EXPECT_EQ(a.value(), "a cat");
                    b.value();
                    co_return "both";
                }),
                [](http::server& s) -> task<> {
                    conversation c(s);
                    const std::string all = post(multipart, two_parts);
                    EXPECT_THAT(co_await c.ask(all.substr(0, all.find("a cat"))), "");
                    EXPECT_THAT(co_await c.ask(all.substr(all.find("a cat"))), EndsWith("by two tasks at a time"));
                });
}

// Hostile

TEST(multipart_reader, refuses_what_is_no_form) {
    EXPECT_THAT(answer_to(post("", two_parts), tell), StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post(urlencoded, "a=1"), tell), StartsWith("HTTP/1.1 415 "));
    EXPECT_THAT(answer_to(post("multipart/form-data", two_parts), tell), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post("multipart/form-data; boundary=\"a\xff\"", two_parts), tell), StartsWith("HTTP/1.1 4"));
    EXPECT_THAT(answer_to(post("multipart/form-data; boundary=" + std::string(71, 'b'), two_parts), tell),
                StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post(multipart, two_parts.substr(0, 60)), tell), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post(multipart, ""), tell), StartsWith("HTTP/1.1 400 "));
    EXPECT_THAT(answer_to(post(multipart, "--b\r\nContent-Disposition: form-data\r\n\r\n\r\n--b--"), tell),
                StartsWith("HTTP/1.1 400 "));
}

TEST(multipart_reader, refuses_bombs) {
    std::string many;
    for (int i = 0; i < 101; ++i) many += part("name=a", "");
    EXPECT_THAT(answer_to(post(multipart, many + "--b--"), tell), StartsWith("HTTP/1.1 413 "));
    EXPECT_THAT(answer_to(post(multipart, part("name=" + std::string(11'000, 'a'), "") + "--b--"), tell),
                StartsWith("HTTP/1.1 413 "));
    const std::string large = post(multipart, part("name=a", std::string(2 * 1024 * 1024, 'a')) + "--b--");
    EXPECT_THAT(answer_to(large.substr(0, 10'000), tell), StartsWith("HTTP/1.1 413 "));
}

TEST(multipart_reader, that_has_failed_goes_on_failing) {
    const std::string no_field = "--b\r\nX\r\nY: z\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" + two_parts;
    EXPECT_THAT(answer_to(post(multipart, part("name=a", "") + no_field),
                          [](http::request& r) -> task<http::response> {
                              auto form = co_await r.multipart();
                              co_await form.next();
                              std::string told;
                              for (int i = 0; i < 2; ++i) {
                                  try {
                                      co_await form.next();
                                  } catch (const http::http_error& e) {
                                      told += std::to_string(http::to_number(e.status())) + ";";
                                  }
                              }
                              co_return http::response::text(told);
                          }),
                EndsWith("\r\n400;400;"));
}

}  // namespace
