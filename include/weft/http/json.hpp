// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/request.hpp>
#include <weft/http/response.hpp>

#include <concepts>
#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace weft::inline v0::http {

/// What a JSON library is to a server: a type with these two. Which library that is is the program's affair;
/// examples/nlohmann_codec.hpp is one for nlohmann-json.
template <class Codec, class T>
concept json_encodes = requires(const T& value) {
    { Codec::encode(value) } -> std::convertible_to<std::string>;
};
/// `decode` throws what is derived from std::exception where the text is no `T`.
template <class Codec, class T>
concept json_decodes = requires(std::string_view text) {
    { Codec::template decode<T>(text) } -> std::convertible_to<T>;
};

/// A value as an answer. @throws what the codec throws
template <class Codec, class T>
    requires json_encodes<Codec, T>
response json(const T& value, status s = status::ok) {
    return response::json(Codec::encode(value), s);
}

/// Whether a request says that its body is JSON: application/json, or any type that ends in "+json".
bool has_json(const request& r) noexcept;

/// The body of a request as a value.
/// @throws awaited: http_error (415)  it is said to be something else; (422)  it is no `T`, with what the codec says; as request::body()
template <class T, class Codec>
    requires json_decodes<Codec, T>
task<T> read_json(request& r) {
    if (!has_json(r)) throw http_error(status::unsupported_media_type, "the body must be JSON");
    const std::string text = co_await r.body();
    std::string why;
    try {
        co_return Codec::template decode<T>(text);
    } catch (const std::exception& e) {
        why = e.what();
    }
    throw http_error(status::unprocessable_content, why);
}

}  // namespace weft::inline v0::http
