// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// Text as HTML shows it, between tags and within quoted attributes: < > & " ' are written as entities. @see html.escape
std::string html_text(std::string_view text);

}  // namespace weft::inline v0::http
