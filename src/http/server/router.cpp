// SPDX-License-Identifier: Apache-2.0
#include <weft/http/router.hpp>

#include "http/server/request_core.hpp"
#include "http/server/route_tree.hpp"

#include <weft/http/path.hpp>
#include <weft/http/percent.hpp>

#include <algorithm>
#include <stdexcept>

namespace weft::inline v0::http {

namespace {

/// What is said where nothing answers.
task<response> answer_nothing(const request& r, const route* found) {
    const bool only_asks = r.method() == method::options;
    if (!found && only_asks && r.path() == "*") co_return response(status::no_content);  // of the server: it is there
    if (!found) throw http_error(status::not_found);
    headers allow{{"Allow", found->allowed()}};
    if (!only_asks) throw http_error(status::method_not_allowed, {}, std::move(allow));
    response none(status::no_content);
    none.headers() = std::move(allow);
    co_return none;
}

/// A ".." in a parameter would lead to another route, and a backslash or a control character nowhere.
bool is_read_as(std::string_view url, std::string_view plain) {
    try {
        return decode_path(url) == plain;
    } catch (const http_error&) {
        return false;
    }
}

}  // namespace

router::router() : tree_(std::make_unique<route_tree>()) {}
router::router(router&&) noexcept = default;
router& router::operator=(router&&) noexcept = default;
router::~router() = default;

void router::add(method m, std::string_view path, route_handler given, route_options options) {
    handler answers = std::move(given).take();
    if (!answers) throw std::invalid_argument("http::router: '" + std::string(path) + "' is given an empty handler");
    route& r = tree_->at(path);
    auto& place = r.endpoints[static_cast<std::size_t>(m)];
    if (place)
        throw std::invalid_argument("http::router: " + std::string(to_string(m)) + " " + r.pattern +
                                    " is there already");
    if (!options.name.empty()) tree_->set_name(std::move(options.name), r);
    place = std::make_unique<endpoint>(std::move(answers), std::vector<middleware>(), options.body_limit);
}

void router::mount(std::string_view prefix, router below) {
    while (prefix.ends_with('/')) prefix.remove_suffix(1);
    below.tree_->for_each([&](route& from) {
        route& to = tree_->at(std::string(prefix) + from.pattern);
        for (std::size_t i = 0; i < from.endpoints.size(); ++i) {
            if (!from.endpoints[i]) continue;
            if (to.endpoints[i]) throw std::invalid_argument("http::router: " + to.pattern + " is there already");
            std::vector<middleware>& around = from.endpoints[i]->around;
            around.insert(around.begin(), below.middleware_.begin(), below.middleware_.end());
            to.endpoints[i] = std::move(from.endpoints[i]);
        }
    });
    for (const auto& [name, r] : below.tree_->names())
        tree_->set_name(name, tree_->at(std::string(prefix) + r->pattern));
}

void router::use(middleware m) { middleware_.push_back(std::move(m)); }

task<response> router::operator()(request& r) const {
    request_core& core = request_core::of(r);
    core.found = tree_->find(core.path, core.values);
    core.answering = core.found ? core.found->find(core.head.method) : nullptr;
    if (core.answering && core.answering->body_limit) core.body_limit = *core.answering->body_limit;
    return answer(r, 0);
}

task<response> router::answer(request& r, std::size_t middleware_index) const {
    if (middleware_index < middleware_.size())
        return middleware_[middleware_index](r, next(*this, middleware_index + 1));
    const request_core& core = request_core::of(r);
    if (!core.answering) return answer_nothing(r, core.found);
    const std::size_t index = middleware_index - middleware_.size();
    const endpoint& e = *core.answering;
    return index < e.around.size() ? e.around[index](r, next(*this, middleware_index + 1)) : e.answers(r);
}

task<response> next::operator()(request& r) const { return router_->answer(r, index_); }

std::string router::url_for(std::string_view name,
                            std::initializer_list<std::pair<std::string_view, std::string_view>> parameters) const {
    const route* const named = tree_->named(name);
    if (!named) throw std::out_of_range("http::router: no route is named '" + std::string(name) + "'");
    std::string url, plain;
    for (const route_tree::segment& s : route_tree::parse(named->pattern)) {
        url += '/';
        plain += '/';
        if (s.what == route_tree::segment::kind::literal) {
            url += percent_encode(s.text);
            plain += s.text;
            continue;
        }
        const auto given = std::ranges::find(parameters, s.text, &std::pair<std::string_view, std::string_view>::first);
        if (given == parameters.end())
            throw std::invalid_argument("http::router: '" + named->pattern + "' needs a '" + s.text + "'");
        if (!s.fits(given->second))
            throw std::invalid_argument("http::router: '" + std::string(given->second) + "' is no '" + s.text +
                                        "' of '" + named->pattern + "'");
        url += percent_encode(given->second, s.what == route_tree::segment::kind::rest ? "/" : "");
        plain += given->second;
    }
    if (!is_read_as(url, plain))
        throw std::invalid_argument("http::router: '" + named->pattern + "' has no path with these parameters");
    return url;
}

}  // namespace weft::inline v0::http
