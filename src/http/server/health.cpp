// SPDX-License-Identifier: Apache-2.0
#include <weft/http/health.hpp>

#include <weft/inspect/loop_metrics.hpp>
#include <weft/inspect/prometheus.hpp>

#include <utility>

namespace weft::inline v0::http {

namespace {

response uncached(response r) {
    r.headers().set("Cache-Control", "no-store");
    return r;
}

task<response> runs(request&) { co_return uncached(response::text("ok\n")); }

task<response> tells_metrics(request&) {
    response r(status::ok, prometheus_text(capture_metrics()));
    r.headers().add("Content-Type", prometheus_content_type);
    co_return uncached(std::move(r));
}

}  // namespace

void add_health(router& to, health_options options) {
    to.get("/healthz", runs);
    to.get("/readyz", [is_ready = std::move(options.is_ready)](request&) -> task<response> {
        const bool yes = !is_ready || co_await is_ready();
        co_return uncached(yes ? response::text("ready\n")
                               : response::text("not ready\n", status::service_unavailable));
    });
    to.get("/metrics", tells_metrics);
}

}  // namespace weft::inline v0::http
