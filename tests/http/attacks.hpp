// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

// What is sent to HTTP servers and clients so that two readers see two different things, and what weft makes of it, in
// the words of message_reader.hpp.

namespace weft_test {

struct attack {
    std::string name, bytes, verdict;
};

using std::string_view_literals::operator""sv;

/// "POST / HTTP/1.1" with a Host, these fields, and what follows them.
inline std::string post(std::string_view fields, std::string_view rest = {}) {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(rest);
}
/// "GET / HTTP/1.1" with these fields and no others.
inline std::string get(std::string_view fields) { return "GET / HTTP/1.1\r\n" + std::string(fields) + "\r\n"; }
/// A request line with a Host.
inline std::string line(std::string_view first) { return std::string(first) + "\r\nHost: a\r\n\r\n"; }
/// A chunked request whose body this is.
inline std::string chunked(std::string_view body) { return post("Transfer-Encoding: chunked\r\n", body); }
inline std::string repeated(std::string_view text, std::size_t count) {
    std::string all;
    while (count-- > 0) all += text;
    return all;
}

inline std::vector<attack> framing_attacks() {
    const std::string coding = "Transfer-Encoding: chunked\r\n", smuggled = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto length = [](std::string_view value) {
        return post("Content-Length:" + std::string(value) + "\r\n", "hello");
    };
    const auto coded = [](std::string_view value) {
        return post("Transfer-Encoding:" + std::string(value) + "\r\n", "0\r\n\r\n");
    };
    return {
        {"CL.TE", post("Content-Length: 6\r\n" + coding, "0\r\n\r\nG"), "400"},
        {"TE.CL", post(coding + "Content-Length: 4\r\n", "5c\r\n" + smuggled + "0\r\n\r\n"), "400"},
        {"TE.TE", post(coding + "Transfer-Encoding: cow\r\n", "0\r\n\r\n"), "400"},
        {"TE.TE_other_way", post("Transfer-Encoding: cow\r\n" + coding, "0\r\n\r\n"), "400"},
        {"TE.TE_the_same_twice", post(coding + coding, "0\r\n\r\n"), "400"},
        {"TE_and_CL_0", post(coding + "Content-Length: 0\r\n", "0\r\n\r\n"), "400"},
        {"CL.0", post("Content-Length: 32\r\n", smuggled), "POST / [" + smuggled + "]"},
        {"0.CL_on_a_GET", get("Host: a\r\nContent-Length: 32\r\n") + smuggled, "GET / [" + smuggled + "]"},
        {"0.CL_a_body_without_a_length", post("", smuggled), "POST / [], GET /admin []"},
        {"CL_of_an_empty_line", post("Content-Length: 2\r\n", "\r\n" + smuggled), "POST / [\r\n], GET /admin []"},
        {"TE_in_HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\n" + coding + "\r\n0\r\n\r\n", "400"},
        {"TE_on_CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n" + coding + "\r\n0\r\n\r\n", "400"},
        {"CL_on_CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\nContent-Length: 1\r\n\r\nx", "400"},
        {"CL_on_TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", "400"},

        {"length", length(" 5"), "POST / [hello]"},
        {"length_without_a_space", length("5"), "POST / [hello]"},
        {"length_with_zeros", length(" 0005"), "POST / [hello]"},
        {"length_in_other_letters", post("cOnTeNt-LeNgTh: 5\r\n", "hello"), "POST / [hello]"},
        {"length_with_a_plus", length(" +5"), "400"},
        {"length_with_a_minus", length(" -5"), "400"},
        {"length_in_hexadecimal", length(" 0x5"), "400"},
        {"length_with_hexadecimal_digit", length(" a"), "400"},
        {"length_with_two_spaces_before", length("  5"), "400"},
        {"length_with_a_space_after", length(" 5 "), "400"},
        {"length_with_a_tab_before", length("\t5"), "400"},
        {"length_with_a_tab_after", length(" 5\t"), "400"},
        {"length_with_a_space_within", length(" 5 5"), "400"},
        {"length_twice_in_one", length(" 5,5"), "400"},
        {"length_twice_in_one_spaced", length(" 5, 5"), "400"},
        {"length_twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), "400"},
        {"length_twice_and_different", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!"), "400"},
        {"length_twice_one_empty", post("Content-Length: 5\r\nContent-Length:\r\n", "hello"), "400"},
        {"length_empty", length(""), "400"},
        {"length_blank", length(" "), "400"},
        {"length_fraction", length(" 5.0"), "400"},
        {"length_exponent", length(" 5e0"), "400"},
        {"length_underscored", length(" 1_0"), "400"},
        {"length_quoted", length(" \"5\""), "400"},
        {"length_with_a_semicolon", length(" 5;"), "400"},
        {"length_with_a_vertical_tab", length(" 5\x0b"), "400"},
        {"length_in_other_digits", length(" \xd9\xa5"), "400"},
        {"length_2^63-1", length(" 9223372036854775807"), "POST /, ..."},
        {"length_2^63", length(" 9223372036854775808"), "400"},
        {"length_of_20_digits", length(" 18446744073709551621"), "400"},
        {"length_of_20_digits_zeros", length(" 00000000000000000005"), "400"},

        {"coding", coded(" chunked"), "POST / []"},
        {"coding_in_capitals", coded(" CHUNKED"), "POST / []"},
        {"coding_without_a_space", coded("chunked"), "POST / []"},
        {"coding_after_a_tab", coded("\tchunked"), "400"},
        {"coding_before_a_tab", coded(" chunked\t"), "400"},
        {"coding_before_a_space", coded(" chunked "), "400"},
        {"coding_after_two_spaces", coded("  chunked"), "400"},
        {"coding_after_a_vertical_tab",
         coded(" \x0b"
               "chunked"),
         "400"},
        {"coding_after_a_form_feed",
         coded("\x0c"
               "chunked"),
         "400"},
        {"coding_after_a_NUL", coded(" \0chunked"sv), "400"},
        {"coding_xchunked", coded(" xchunked"), "400"},
        {"coding_chunkedx", coded(" chunkedx"), "400"},
        {"coding_chunked_and_identity", coded(" chunked, identity"), "400"},
        {"coding_identity_and_chunked", coded(" identity, chunked"), "400"},
        {"coding_identity", coded(" identity"), "400"},
        {"coding_gzip_and_chunked", coded(" gzip, chunked"), "400"},
        {"coding_chunked_twice", coded(" chunked, chunked"), "400"},
        {"coding_with_a_trailing_comma", coded(" chunked,"), "400"},
        {"coding_with_a_leading_comma", coded(" ,chunked"), "400"},
        {"coding_with_a_parameter", coded(" chunked;a=b"), "400"},
        {"coding_with_a_semicolon", coded(" chunked;"), "400"},
        {"coding_quoted", coded(" \"chunked\""), "400"},
        {"coding_single_quoted", coded(" 'chunked'"), "400"},
        {"coding_empty", coded(""), "400"},
        {"coding_with_a_long_s_and_k",
         coded(" chun\xe2\x84\xaa"
               "ed"),
         "400"},
        {"coding_with_bytes_above_ASCII",
         coded(" \xff"
               "chunked"),
         "400"},
        {"coding_folded", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_folded_by_a_tab", post("Transfer-Encoding: chunked\r\n\t\r\n", "0\r\n\r\n"), "400"},
        {"coding_after_a_bare_LF", post("X: y\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_after_a_bare_CR", post("X: y\rTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_with_a_space_before_the_colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_with_a_tab_before_the_colon", post("Transfer-Encoding\t: chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_with_a_space_in_front", post(" Transfer-Encoding: chunked\r\n", "0\r\n\r\n"), "400"},
        {"coding_with_an_underscore_is_no_coding", post("Transfer_Encoding: chunked\r\n", "0\r\n\r\n"),
         "POST / [], 400"},
        {"coding_with_a_dotted_name_is_no_coding", post("Transfer.Encoding: chunked\r\n"), "POST / []"},
        {"coding_as_a_method", "Transfer-Encoding: chunked\r\nHost: a\r\n\r\n", "400"},
    };
}

inline std::vector<attack> chunk_attacks() {
    return {
        {"chunk", chunked("5\r\nhello\r\n0\r\n\r\n"), "POST / [hello]"},
        {"chunks", chunked("1\r\nh\r\n4\r\nello\r\n000\r\n\r\n"), "POST / [hello]"},
        {"chunk_of_zeros_and_letters", chunked("00a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n"),
         "POST / [01234567890123456789]"},
        {"chunk_with_16_digits", chunked("0000000000000005\r\nhello\r\n0\r\n\r\n"), "POST / [hello]"},
        {"chunk_with_17_digits", chunked("00000000000000005\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_2^63-1", chunked("7fffffffffffffff\r\nhello"), "POST /, ..."},
        {"chunk_2^63", chunked("8000000000000000\r\nhello"), "POST /, 400"},
        {"chunk_2^64+5", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_0x5", chunked("0x5\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_+5", chunked("+5\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_-5", chunked("-5\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_without_a_size", chunked("\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_space_before", chunked(" 5\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_space_after", chunked("5 \r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_tab_after", chunked("5\t\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_g", chunked("5g\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_NUL", chunked("5\0\r\nhello\r\n0\r\n\r\n"sv), "POST /, 400"},
        {"chunk_with_a_bare_LF", chunked("5\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_a_bare_CR", chunked("5\rhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_with_two_CRs", chunked("5\r\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_ended_by_a_bare_LF", chunked("5\r\nhello\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_ended_by_a_bare_CR", chunked("5\r\nhello\r0\r\n\r\n"), "POST /, 400"},
        {"chunk_too_short", chunked("4\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_too_long", chunked("6\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"chunk_not_ended", chunked("5\r\nhello0\r\n\r\n"), "POST /, 400"},
        {"last_chunk_ended_by_a_bare_LF", chunked("0\r\n\n"), "POST /, 400"},
        {"last_chunk_with_a_bare_LF", chunked("0\n\r\n"), "POST /, 400"},
        {"last_chunk_without_an_end", chunked("0\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n"), "POST /, 400"},

        {"extension", chunked("5;a\r\nhello\r\n0;b=c\r\n\r\n"), "POST / [hello]"},
        {"extensions", chunked("5;a;b=c;d=\"e;\\\"\r\"\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_quoted", chunked("5;a=\"b; \\\"c\"\r\nhello\r\n0;d=\"\";e\r\n\r\n"), "POST / [hello]"},
        {"extension_empty", chunked("5;\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_without_a_value", chunked("5;a=\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_without_a_name", chunked("5;=a\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_spaces", chunked("5 ; a\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_after_a_space", chunked("5; a\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_a_bare_LF", chunked("5;a\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_a_bare_CR", chunked("5;a\rX\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_a_quoted_LF", chunked("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_an_escaped_LF", chunked("5;a=\"\\\n\"\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_more_after_the_quotes", chunked("5;a=\"b\"c\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_with_an_open_quote", chunked("5;a=\"b\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extension_of_256_bytes", chunked("5;" + std::string(255, 'x') + "\r\nhello\r\n0\r\n\r\n"), "POST / [hello]"},
        {"extension_of_257_bytes", chunked("5;" + std::string(256, 'x') + "\r\nhello\r\n0\r\n\r\n"), "POST /, 400"},
        {"extensions_without_end", chunked(repeated("1;" + std::string(200, 'x') + "\r\na\r\n", 90)), "POST /, 400"},

        {"trailer", chunked("0\r\nX: y\r\n\r\n"), "POST / []"},
        {"trailer_that_frames", chunked("0\r\nContent-Length: 5\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
         "POST / [], GET / []"},
        {"trailer_folded", chunked("0\r\nX: y\r\n z\r\n\r\n"), "POST /, 400"},
        {"trailer_with_a_space_before_the_colon", chunked("0\r\nX : y\r\n\r\n"), "POST /, 400"},
        {"trailer_with_a_bare_LF", chunked("0\r\nX: y\n\r\n"), "POST /, 400"},
        {"trailer_with_a_bare_CR", chunked("0\r\nX: y\rz\r\n\r\n"), "POST /, 400"},
        {"trailer_with_a_NUL", chunked("0\r\nX: \0\r\n\r\n"sv), "POST /, 400"},
        {"trailer_without_a_name", chunked("0\r\n: y\r\n\r\n"), "POST /, 400"},
        {"trailers_of_8_KiB", chunked("0\r\nX: " + std::string(8192 - 7, 'y') + "\r\n\r\n"), "POST / []"},
        {"trailers_of_8_KiB_and_one_byte", chunked("0\r\nX: " + std::string(8192 - 6, 'y') + "\r\n\r\n"),
         "POST /, 400"},
        {"trailers_100", chunked("0\r\n" + repeated("X: y\r\n", 100) + "\r\n"), "POST / []"},
        {"trailers_101", chunked("0\r\n" + repeated("X: y\r\n", 101) + "\r\n"), "POST /, 400"},
    };
}

}  // namespace weft_test
