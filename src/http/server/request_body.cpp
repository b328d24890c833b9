// SPDX-License-Identifier: Apache-2.0
#include <weft/http/request_body.hpp>

#include <stdexcept>

namespace weft::inline v0::http {

request_body request_body::json(std::string encoded) {
    request_body body(std::move(encoded));
    body.type_ = "application/json";
    return body;
}

request_body request_body::stream(producer writes, std::optional<std::uint64_t> size, std::string content_type) {
    if (!writes) throw std::invalid_argument("http: a request's body is given an empty producer");
    request_body body;
    body.is_there_ = true;
    body.writes_ = std::move(writes);
    body.size_ = size;
    body.type_ = std::move(content_type);
    return body;
}

}  // namespace weft::inline v0::http
