// SPDX-License-Identifier: Apache-2.0
#include <weft/http/json.hpp>

namespace weft::inline v0::http {

bool has_json(const request& r) noexcept {
    std::string_view type = r.header("Content-Type");
    type = type.substr(0, type.find(';'));
    while (type.ends_with(' ')) type.remove_suffix(1);
    constexpr std::string_view suffix = "+json";
    return is_same_token(type, "application/json") ||
           (type.size() > suffix.size() && is_same_token(type.substr(type.size() - suffix.size()), suffix));
}

}  // namespace weft::inline v0::http
