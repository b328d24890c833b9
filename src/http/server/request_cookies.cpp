// SPDX-License-Identifier: Apache-2.0
#include "http/server/request_core.hpp"

namespace weft::inline v0::http {

const cookies& request::cookies() const {
    if (core_->cookies) return *core_->cookies;
    std::string all;
    for (const std::string_view field : headers().get_all("Cookie")) {
        if (!all.empty()) all += "; ";
        all += field;
    }
    return core_->cookies.emplace(http::cookies::parse(all));
}

}  // namespace weft::inline v0::http
