// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <llhttp/llhttp.h>

#include <string>
#include <string_view>

namespace weft_test {

/// What llhttp makes of all that comes on a connection, in the words of message_reader.hpp; a refusal has no status.
class llhttp_reader {
public:
    explicit llhttp_reader(bool of_requests) {
        llhttp_settings_init(&settings_);
        settings_.on_message_begin = [](llhttp_t* p) { return of(p).begin(); };
        settings_.on_url = [](llhttp_t* p, const char* at, std::size_t size) { return append(of(p).url_, at, size); };
        settings_.on_body = [](llhttp_t* p, const char* at, std::size_t size) { return append(of(p).body_, at, size); };
        settings_.on_headers_complete = [](llhttp_t* p) { return of(p).end_head(); };
        settings_.on_message_complete = [](llhttp_t* p) { return of(p).end_message(); };
        llhttp_init(&parser_, of_requests ? HTTP_REQUEST : HTTP_RESPONSE, &settings_);
        parser_.data = this;
        llhttp_set_lenient_keep_alive(&parser_,
                                      1);  // what follows a message that is the last: a reader stops by itself
    }

    std::string read(std::string_view input) {
        const char *at = input.data(), *const end = at + input.size();
        llhttp_errno_t error = HPE_OK;
        while ((error = llhttp_execute(&parser_, at, static_cast<std::size_t>(end - at))) == HPE_PAUSED_UPGRADE) {
            at = llhttp_get_error_pos(&parser_);  // another protocol would follow; here messages do
            llhttp_resume_after_upgrade(&parser_);
        }
        if (error == HPE_OK) {
            llhttp_finish(&parser_);
            if (is_inside_) say("...");
        } else {
            is_over_ = true;
        }
        return told_;
    }
    bool is_over() const { return is_over_; }

private:
    static llhttp_reader& of(llhttp_t* parser) { return *static_cast<llhttp_reader*>(parser->data); }
    static int append(std::string& to, const char* at, std::size_t size) {
        to.append(at, size);
        return 0;
    }
    int begin() {
        url_.clear();
        body_.clear();
        is_inside_ = true;
        return 0;
    }
    int end_head() {
        say(parser_.type == HTTP_REQUEST
                ? llhttp_method_name(static_cast<llhttp_method_t>(parser_.method)) + (" " + url_)
                : std::to_string(parser_.status_code));
        return parser_.type == HTTP_RESPONSE && parser_.status_code == 304 ? 1 : 0;  // no content: llhttp is to be told
    }
    int end_message() {
        told_ += " [" + body_ + "]";
        is_inside_ = false;
        return 0;
    }
    void say(const std::string& what) { told_ += (told_.empty() ? "" : ", ") + what; }

    llhttp_t parser_;
    llhttp_settings_t settings_;
    std::string url_, body_, told_;
    bool is_inside_ = false, is_over_ = false;
};

}  // namespace weft_test
