// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

/// The Content-Disposition of a part of a form.
struct multipart_disposition {
    std::string name = {};
    std::optional<std::string> filename = {};

    /// @throws http_error  400: it is no `form-data`, has no name, or one parameter twice
    static multipart_disposition parse(std::string_view value);
};

}  // namespace weft::inline v0::http
