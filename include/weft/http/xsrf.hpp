// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>
#include <weft/http/signer.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace weft::inline v0::http {

struct xsrf_options {
    /// Routes as they were added ("/hooks/{id}"), and all paths below another ("/api/*"), that are let through: for callers who say
    /// who they are by a header that browsers do not send by themselves, such as a bearer token.
    std::vector<std::string> exempt = {};
    /// Other requests that are let through.
    std::function<bool(const request&)> exempt_if = {};
    /// Other origins whose pages may send here, with a token: "https://app.example.org". The cookie goes along within one site.
    std::vector<std::string> trusted_origins = {};
    /// Whom the token is for, such as the session's id: then one that an attacker was given, and has planted by way of another
    /// host of the same site, is worth nothing.
    std::function<std::string(const request&)> session = {};
    /// Of the cookie, and of the form's field.
    std::string name = "_xsrf";
    /// How long a page may lie around before its form is sent.
    std::chrono::seconds max_age = std::chrono::days(30);
    /// A form without files is kept in memory to look for the field. What is longer needs the header.
    std::size_t form_bytes = 1024 * 1024;
};

/// Lets no page of another site have a visitor's browser do something here in his name (cross-site request forgery).
///
///     routes.use(http::xsrf(http::signer({key})));
///     …
///     page += "<form method=post action=/transfer>" + http::xsrf_field(r) + "…";
///
/// GET, HEAD, OPTIONS and TRACE pass: they are to change nothing. Any other request is refused with 403
/// - if the browser says that it comes from another site (Sec-Fetch-Site, else Origin), and
/// - unless it has the visitor's token: in a field "X-XSRFToken" or "X-CSRFToken" of its head, in the field "_xsrf" of a form,
///   which must be the first one of a form with files.
/// The handler can read the body all the same. The token is a secret in a signed cookie, masked anew for every page, so that
/// compression tells nothing of it (BREACH); pages of any age and number are good at a time.
/// @throws std::invalid_argument  a name that no cookie may have
/// @see tornado's xsrf_cookies, OWASP: Cross-Site Request Forgery Prevention
middleware xsrf(signer by, xsrf_options options = {});

/// The visitor's token, to be sent back with what he does on the page that is answered. The answer gives him the cookie
/// that it belongs to, and is `private` to caches unless it says otherwise.
/// @throws invalid_state_error  no xsrf() stands around the handler; the head of the answer has been sent
std::string xsrf_token(request& r);
/// The same as a hidden field for a form: `<input type="hidden" name="_xsrf" value="…">`. @see tornado's xsrf_form_html()
std::string xsrf_field(request& r);

}  // namespace weft::inline v0::http
