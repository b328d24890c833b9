// SPDX-License-Identifier: Apache-2.0
#include "http/message/message_writer.hpp"
#include "http/server/error_page.hpp"
#include "http/server/route_tree.hpp"
#include "http/server/server_connection.hpp"

#include <weft/coro/format_exception.hpp>
#include <weft/http/body_writer.hpp>

#include <array>
#include <exception>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

// What a connection answers: in one piece with the answers before it where the body is a short text, else as it comes.

namespace weft::inline v0::http {

namespace {

/// A longer text is not copied to stand behind its head.
constexpr std::size_t copied_bytes = 16 * 1024;

/// Where an answer ends, and whether another follows, the server says: two that say so would make two answers of one, to
/// who believes the other. A handler may have its fields from anybody, such as a server that it has asked.
bool is_the_handlers(const headers::field& f) noexcept {
    switch (f.name.size()) {
        case 10:
            return !is_same_token(f.name, "Connection") ||
                   (!is_same_token(f.value, "close") && !is_same_token(f.value, "keep-alive"));
        case 14: return !is_same_token(f.name, "Content-Length");
        case 17: return !is_same_token(f.name, "Transfer-Encoding");
        default: return true;
    }
}

/// A client that got another status would wait for the answer, and take the next one for it.
bool ends_a_request(status s) noexcept { return to_number(s) >= 200 && to_number(s) <= 999; }

}  // namespace

/// Of a body that is written while it is sent: what is written goes into the output, and that to the stream when there is
/// a good piece of it, or nothing more for now.
class server_connection::answer_writer final : public body_writer {
public:
    answer_writer(server_connection& c, std::optional<std::uint64_t> size, bool is_chunked, bool is_sent) noexcept
        : connection_(c), left_(size), is_chunked_(is_chunked), is_sent_(is_sent) {}

    task<> write(std::string_view bytes) override {
        if (bytes.empty()) co_return;
        if (left_ && bytes.size() > *left_) throw std::length_error("http: more is written than the response's size");
        if (left_) *left_ -= bytes.size();
        if (!is_sent_) co_return;
        connection_.body_sent_ += bytes.size();
        std::string& output = connection_.output();
        if (is_chunked_) append_chunk_size(output, bytes.size());
        output += bytes;
        if (is_chunked_) output += end_of_chunk;
        if (output.size() >= copied_bytes) co_await flush();
    }
    task<> flush() override {
        is_lost_ = true;  // unless it comes back
        co_await connection_.flush();
        is_lost_ = false;
    }
    headers& trailers() override { return trailers_; }
    /// The connection, and so what was thrown was no fault of who writes.
    bool is_lost() const noexcept { return is_lost_; }

    void end() {
        if (left_.value_or(0) > 0) throw std::length_error("http: less was written than the response's size");
        if (!is_chunked_ || !is_sent_) return;
        connection_.output() += last_chunk;
        append_fields(connection_.output(), trailers_);
        append_end_of_fields(connection_.output());
    }

private:
    server_connection& connection_;
    std::optional<std::uint64_t> left_;
    bool is_chunked_, is_sent_;
    bool is_lost_ = false;
    headers trailers_;
};

bool server_connection::has_content(const response& answer) const noexcept {
    return exchange_->request.head.method != method::head && !has_no_content(answer.status());
}

void server_connection::append_head(const response& answer, bool is_chunked) {
    std::string& to = output();
    const headers& given = answer.headers();
    append_status_line(to, answer.status());
    if (!given.contains("Date")) to += server_->date_line();
    append_fields_if(to, given, is_the_handlers);
    const auto said =
        has_content(answer) ? std::nullopt : given.get("Content-Length");  // as it would be if it were sent
    if (said && answer.status() != status::no_content) {
        append_field(to, "Content-Length", *said);
    } else if (is_chunked) {
        append_field(to, "Transfer-Encoding", "chunked");
    } else if (const auto length = answer.content_length(); length && !has_no_content(answer.status())) {
        append_content_length(to, *length);
    }
    // This says HTTP/1.1 to a client of HTTP/1.0 too: without a word such a connection would be one that goes on.
    if (!keeps_alive_) append_field(to, "Connection", "close");
    if (keeps_alive_ && request().head.minor_version < 1) append_field(to, "Connection", "keep-alive");
    append_end_of_fields(to);
}

/// @return false: its body takes waiting; nothing was sent
bool server_connection::send_at_once(response& answer) {
    const std::string* const text = answer.body();
    if (!text || text->size() > copied_bytes) return false;
    append_head(answer, false);
    if (!has_content(answer)) return true;
    output() += *text;
    body_sent_ = text->size();
    return true;
}

task<> server_connection::send(response& answer) {
    const bool is_sent = has_content(answer);
    if (const std::string* const text = answer.body()) {
        append_head(answer, false);
        if (!is_sent) co_return;
        body_sent_ = text->size();
        const std::array pieces{std::as_bytes(std::span(output())), std::as_bytes(std::span(*text))};
        given_ += output().size() + text->size();
        const auto written = stream_.write(pieces);
        output().clear();
        co_await stream_.drain();
        co_return;
    }
    if (auto* const part = std::get_if<response::file_part>(&answer.body_)) {
        append_head(answer, false);
        co_await flush();
        if (is_sent) given_ += part->size;
        if (is_sent) body_sent_ = co_await stream_.send_file(part->file.get(), part->offset, part->size);
        if (is_sent && body_sent_ != part->size) stream_.abort();  // it has become shorter: the client must see that
        co_return;
    }
    if (std::holds_alternative<response::successor>(answer.body_)) co_return co_await hand_over(answer);
    auto& produced = std::get<response::produced>(answer.body_);
    const bool is_chunked = !produced.size && request().head.minor_version >= 1;
    if (!produced.size && !is_chunked) keeps_alive_ = false;  // its end is the connection's
    append_head(answer, is_chunked && !has_no_content(answer.status()));
    if (!is_sent) co_return;
    answer_writer writer(*this, produced.size, is_chunked, is_sent);
    std::exception_ptr error;
    try {
        co_await produced.writes(writer);
        writer.end();
    } catch (...) {
        error = std::current_exception();
    }
    if (!error) co_return;
    if (!writer.is_lost()) report_body(error);
    co_await flush();
    if (reason_ == reason::none) stream_.abort();
    std::rethrow_exception(error);
}

/// The connection is another protocol's from here on: what is left for this is to wait for its end.
task<> server_connection::hand_over(response& answer) {
    append_status_line(output(), answer.status());
    append_fields(output(), answer.headers());
    append_end_of_fields(output());
    co_await flush();
    enter(phase::handed_over);
    co_await std::get<response::successor>(answer.body_)(std::move(stream_));
}

void server_connection::report(std::string_view where, const std::exception_ptr& error) {
    std::string message("Unhandled exception in the ");
    message.append(where).append(" ").append(to_string(request().head.method)).append(" ");
    message.append(request().found ? request().found->pattern : request().path);
    get_running_loop().call_exception_handler(
        {.message = std::move(message), .exception = error, .task = self_.name()});
}

/// What is thrown out of here as a system_error is taken for the end of the connection, and nobody hears of it.
void server_connection::report_body(const std::exception_ptr& error) {
    if (reason_ != reason::none || stream_.at_eof() || stream_.is_closing()) return;
    try {
        std::rethrow_exception(error);
    } catch (const std::system_error&) {
        report("body of the answer to", error);
    } catch (...) {  // goes further, and is heard of
    }
}

/// What is answered for what a handler threw.
response server_connection::failed(const std::exception_ptr& error) {
    const std::string_view accept = request().head.fields.get("Accept").value_or("");
    const bool tells = server_->options().debug;
    const auto with_fields = [](response page, const headers& fields) {
        for (const auto [name, value] : fields) page.headers().add(name, value);
        return page;
    };
    const headers& of_all = request().error_headers;
    try {
        std::rethrow_exception(error);
    } catch (const response_error&) {  // another server's
    } catch (const http_error& e) {
        const bool is_ours = to_number(e.status()) >= 500;
        if (ends_a_request(e.status())) {
            response page = error_page(e.status(), accept, e.what(), tells && is_ours ? format_exception(error) : "");
            return with_fields(with_fields(std::move(page), of_all), e.headers());
        }
    } catch (const cancelled_error&) {
        if (self_.cancelling() > 0) throw;  // else it was what the handler waited for that was cancelled, and not this
    } catch (...) {
    }
    report("handler of", error);
    return with_fields(error_page(status::internal_server_error, accept, {}, tells ? format_exception(error) : ""),
                       of_all);
}

void server_connection::require_answer(response& answer) {
    const bool goes_over = std::holds_alternative<response::successor>(answer.body_);
    if (!ends_a_request(answer.status()) && !goes_over) {
        throw std::invalid_argument("http: the status " + std::to_string(to_number(answer.status())) +
                                    " is no answer to a request");
    }
    if (answer.status() == status::reset_content) answer.set_body(std::string());  // RFC 9110 15.3.6
}

/// There is no request that could be trusted: the last answer on this connection.
void server_connection::refuse(const refusal& why) {
    keeps_alive_ = false;
    lingers_ = true;
    if (!exchange_) return;
    const response page = error_page(why.status, {}, why.sentence);
    append_head(page, false);
    const bool has_head = phase_ == phase::handling;
    if (!has_head || has_content(page)) output() += *page.body();
}

void server_connection::log(http::status status) {
    const auto& told = server_->options().access_log;
    if (told) told({request().facade, status, body_sent_, clock::now() - began_});
}

}  // namespace weft::inline v0::http
