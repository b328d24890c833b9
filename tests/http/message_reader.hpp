// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/message/chunked_decoder.hpp"
#include "http/message/head_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace weft_test {

namespace http = weft::http;

/// Reads a connection as a server or a client would, in portions, and tells what it made of it:
/// "GET / [], POST /x [hello], 400" are two requests and something that is refused, "..." is one that is not whole.
class message_reader {
public:
    enum class kind { requests, responses };
    explicit message_reader(kind of, http::method request = http::method::get) : of_(of), request_(request) {}

    void feed(std::string_view portion) {
        buffer_ += portion;
        while (!is_over_ && step()) {
        }
    }
    /// Nothing more comes.
    std::string end() {
        if (!is_over_ && in_body_ && left_ == until_close)
            finish_message();
        else if (!is_over_ && (in_body_ || !buffer_.empty()))
            say("...");
        return told_;
    }
    /// Whether the last thing told is that something was refused.
    bool is_over() const { return is_over_; }

private:
    static constexpr std::uint64_t until_close = ~std::uint64_t{0};

    bool step() { return in_body_ ? step_body() : step_head(); }

    bool step_head() {
        using enum http::head_parser::result;
        const bool is_request = of_ == kind::requests;
        const auto result = is_request ? parser_.parse(buffer_, question_) : parser_.parse(buffer_, answer_, request_);
        if (result == incomplete) return false;
        if (result == refused) return refuse(parser_.why());
        buffer_.erase(0, parser_.consumed());
        const http::message_head& head = is_request ? static_cast<http::message_head&>(question_) : answer_;
        say(is_request ? std::string(to_string(question_.method)) + " " + std::string(question_.target())
                       : std::to_string(to_number(answer_.status)));
        body_.clear();
        in_body_ = true;
        is_chunked_ = head.body == http::framing::chunked;
        left_ = head.body == http::framing::until_close ? until_close
                : head.body == http::framing::counted   ? head.content_length
                                                        : 0;
        if (is_chunked_) chunks_.restart();
        return true;
    }

    bool step_body() {
        if (is_chunked_) return step_chunk();
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, buffer_.size()));
        body_.append(buffer_, 0, size);
        buffer_.erase(0, size);
        if (left_ != until_close) left_ -= size;
        if (left_ == 0) finish_message();
        return left_ == 0;
    }

    bool step_chunk() {
        using enum http::chunked_decoder::result;
        std::string_view input = buffer_;
        const auto result = chunks_.decode(input);
        if (result == content) body_ += chunks_.content();
        buffer_.erase(0, buffer_.size() - input.size());
        if (result == refused) return refuse(chunks_.why());
        if (result == complete) finish_message();
        return result != incomplete;
    }

    void finish_message() {
        told_ += " [" + body_ + "]";
        in_body_ = false;
    }
    bool refuse(const http::refusal& why) {
        say(std::to_string(to_number(why.status)));
        is_over_ = true;
        return false;
    }
    void say(const std::string& what) { told_ += (told_.empty() ? "" : ", ") + what; }

    kind of_;
    http::method request_;
    http::head_parser parser_;
    http::request_head question_;
    http::response_head answer_;
    http::chunked_decoder chunks_;
    std::string buffer_, body_, told_;
    std::uint64_t left_ = 0;
    bool in_body_ = false, is_chunked_ = false, is_over_ = false;
};

}  // namespace weft_test
