// SPDX-License-Identifier: Apache-2.0
#include "weft/json.hpp"

json_object& json_object::add(std::string_view name, const std::string& json) {
    members_ += (members_.empty() ? "" : ",") + json_string(name) + ":" + json;
    return *this;
}
