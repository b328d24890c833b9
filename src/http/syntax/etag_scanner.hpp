// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/etag.hpp>

namespace weft::inline v0::http {

/// Takes an entity tag off the front of a text. @return empty: there is none
std::optional<etag> take_etag(std::string_view& text);

}  // namespace weft::inline v0::http
