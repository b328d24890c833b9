// SPDX-License-Identifier: Apache-2.0
// Multipart forms: however the input is cut, the parser tells of the same parts. The first byte chooses the boundary and
// the cuts.
#include "require.hpp"

#include "http/multipart_events.hpp"

#include <cstdint>

namespace http = weft::http;
using weft_fuzz::require;

namespace {

void require_safe(const std::string& name) {
    require(!name.empty() && name.size() <= 255 && !name.starts_with('.'), "it is a name");
    for (const char c : name)
        require(static_cast<unsigned char>(c) >= 0x20 && c != '/' && c != '\\' && c != 0x7f, "a name is plain");
    require(http::safe_filename(name) == name, "a safe name is safe");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view form(reinterpret_cast<const char*>(data + 1), size - 1);
    const char* const boundary = data[0] % 2 == 0 ? "B" : "--a-a";
    const std::size_t step = data[0] / 2 % 16 + 1;
    const http::multipart_limits limits{.max_parts = 5, .max_head_bytes = 200};
    const std::string whole = multipart_events::of(form, boundary, form.size(), 1, limits);
    require(multipart_events::of(form, boundary, 1, 1, limits) == whole, "cuts make no difference");
    require(multipart_events::of(form, boundary, step, step, limits) == whole, "cuts make no difference");
    require(multipart_events::of(form, boundary, step * form.size() / 17, form.size(), limits) == whole,
            "cuts make no difference");
    require_safe(http::safe_filename(form));
    return 0;
}
