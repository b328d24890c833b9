// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/coro/task.hpp>
#include <weft/http/request.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::inline v0::http {

// What goes into a page against cross-site requests, and comes back with what its reader does there.

inline constexpr std::size_t xsrf_secret_bytes = 16;

std::string make_xsrf_secret();
/// The secret under a mask of random bytes, and that mask: another text each time. @param secret  of xsrf_secret_bytes
std::string mask_xsrf_secret(std::string_view secret);
/// Takes as long whatever the secret is.
bool is_xsrf_token(std::string_view token, std::string_view secret);

/// What a request brings as its token, in its head or in the field `name` of its form. The body can be read as before.
/// @param form_bytes  so long a form without files may be
/// @return empty: none  @throws as request::form() and request::multipart()
task<std::string> find_xsrf_token(request& r, std::string_view name, std::size_t form_bytes);

}  // namespace weft::inline v0::http
