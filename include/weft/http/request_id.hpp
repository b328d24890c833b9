// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <weft/http/handler.hpp>
#include <weft/loop/context_var.hpp>

#include <string>

namespace weft::inline v0::http {

/// What a request is called in logs, here and where it came from. @see https://www.w3.org/TR/trace-context/
struct trace_context {
    std::string request_id;
    std::string trace_id;  ///< 32 hexadecimal digits, the same for all that one request of a user causes
    std::string span_id;  ///< 16 of them: this request's own
    std::string parent_span;  ///< whose request it is; empty: it began here
    bool is_sampled = false;

    /// The field `traceparent` for what is asked of others on its behalf.
    std::string traceparent() const;
};

/// Of the request that the running task works for, or was created by; empty strings outside of one.
extern const context_var<trace_context> current_trace;

struct request_id_options {
    /// Take the X-Request-Id that comes with a request, if it is of letters, digits and "-_.", at most 64: only from
    /// clients that are trusted.
    bool takes_clients = false;
};

/// Middleware: gives each request an id (X-Request-Id of the answer, error pages as well) and a place in its trace, for as long
/// as it is answered.
middleware request_ids(request_id_options options = {});

}  // namespace weft::inline v0::http
