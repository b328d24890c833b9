// SPDX-License-Identifier: Apache-2.0
// The story, 18, 19 and 21: what resumes those who wait.
#include "recorder.hpp"
#include "story.hpp"
#include "system_call.hpp"

#include <weft/base/unique_fd.hpp>
#include <weft/coro/generator.hpp>

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <variant>

namespace showcase {

namespace {

namespace waiting_handlers {

/// Something that can wait: yields the descriptor it waits for.
using handler = weft::generator<int>;

struct loop {
    std::map<int, handler> waiting;  // by descriptor

    void resume(handler h) {
        if (const auto fd = h.next()) waiting[*fd] = std::move(h);
    }
    void turn(lane& me) {
        std::vector<pollfd> watched;
        for (const auto& [fd, h] : waiting) watched.push_back({.fd = fd, .events = POLLIN, .revents = 0});
        wait_in([&] { return ::poll(watched.data(), watched.size(), 1000); });
        for (const pollfd& each : watched) {
            if (!each.revents) continue;
            me.does("next", "descriptor " + std::to_string(each.fd) + " is ready");
            resume(std::move(waiting.extract(each.fd).mapped()));
        }
    }
};

handler serve(recorder& r, std::string name, weft::unique_fd server) {
    lane me(r, name);
    std::string request;
    while (!request.ends_with('!')) {
        co_yield me.yields(server.get());
        char bytes[100];
        request.append(bytes, static_cast<std::size_t>(check(::read(server.get(), bytes, sizeof bytes))));
        me.says("has read: " + request);
    }
}

void play(recorder& r) {
    lane me(r, "loop");
    loop l;
    const auto connect = [&](const char* name) {
        int pair[2];
        check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        l.resume(serve(r, name, weft::unique_fd(pair[1])));
        return weft::unique_fd(pair[0]);
    };
    const auto send = [](const weft::unique_fd& to, std::string_view text) {
        check(::write(to.get(), text.data(), text.size()));
    };
    const auto ann = connect("ann"), ben = connect("ben");
    send(ann, "a lo");
    l.turn(me);
    send(ben, "something short!");
    l.turn(me);
    send(ann, "ng story!");
    l.turn(me);
}

}  // namespace waiting_handlers

namespace trampoline {

struct wish;
/// Yields its wishes, is sent the replies, returns its result.
using job = weft::generator<wish&&, std::string, std::string>;
/// A path to fetch, or a function to call.
struct wish : std::variant<std::string, job> {
    using variant::variant;
};

job f2(recorder& r, std::string path) {
    lane me(r, "f2");
    me.does("yields", path);
    const std::string baz = co_yield path;
    me.does("goes on", baz);
    co_return baz;
}

job f1(recorder& r) {
    lane me(r, "f1");
    me.does("yields", "/foo");
    const std::string bar = co_yield "/foo";
    me.does("goes on", bar);
    me.does("yields", "a call of f2");
    const std::string baz = co_yield f2(r, "/" + bar);
    me.does("goes on", baz);
    co_return baz;
}

wish* resume(job& g, std::string reply) {
    return g.state() == weft::generator_state::created ? g.next() : g.send(std::move(reply));
}

void play(recorder& r) {
    lane me(r, "trampoline");
    static const std::map<std::string, std::string> pages = {{"/foo", "bar"}, {"/bar", "baz"}};
    std::vector<job> stack;
    stack.push_back(f1(r));
    for (std::string reply; !stack.empty();) {
        me.does("send", reply.empty() ? "nothing" : reply);
        wish* const wanted = resume(stack.back(), std::exchange(reply, ""));
        if (!wanted) {
            reply = std::move(stack.back()).result();
            stack.pop_back();
            me.says("off the stack, " + std::to_string(stack.size()) + " left");
        } else if (job* called = std::get_if<job>(wanted)) {
            stack.push_back(std::move(*called));
            me.says("onto the stack");
        } else {
            reply = pages.at(std::get<std::string>(*wanted));
            me.says("fetches " + reply);
        }
    }
}

}  // namespace trampoline

namespace futures {

/// Something that is still to come, and what to do then. Copies share it.
class future {
public:
    using callback = std::move_only_function<void(std::string)>;
    void add_done_callback(callback f) { *then_ = std::move(f); }
    void set_result(std::string result) { std::exchange(*then_, nullptr)(std::move(result)); }

private:
    std::shared_ptr<callback> then_ = std::make_shared<callback>();
};

using job = weft::generator<future, std::string, std::string>;
/// What has been asked for, by when it is here.
using on_their_way = std::multimap<int, std::pair<future, std::string>>;

job page(recorder& r, on_their_way& network, std::string name, int ms) {
    lane me(r, name);
    for (const char* part : {"/head", "/body"}) {
        me.does("yields", std::string("a future of ") + part);
        const std::string text =
            co_yield network.emplace(ms * (part[1] == 'h' ? 1 : 2), std::pair(future(), name + part))->second.first;
        me.does("goes on", text);
    }
    co_return name;
}

void play(recorder& r) {
    lane me(r, "loop");
    on_their_way network;
    std::deque<std::pair<job, std::string>> ready;
    ready.emplace_back(page(r, network, "ann", 30), "");
    ready.emplace_back(page(r, network, "ben", 20), "");
    while (!ready.empty() || !network.empty()) {
        if (ready.empty()) {
            auto next = network.extract(network.begin());
            me.says("at " + std::to_string(next.key()) + " ms a result is there");
            next.mapped().first.set_result(next.mapped().second);
        }
        auto [j, reply] = std::move(ready.front());
        ready.pop_front();
        me.does("send", reply.empty() ? "nothing" : reply);
        auto pending = j.state() == weft::generator_state::created ? j.next() : j.send(reply);
        if (!pending) continue;
        pending->add_done_callback([&ready, waiting = std::move(j)](std::string result) mutable {
            ready.emplace_back(std::move(waiting), std::move(result));
        });
    }
}

}  // namespace futures

constexpr std::string_view here = "story_loops.cpp";
constexpr story_step steps[] = {
    {"18_waiting_handlers", "Handlers are generators that yield what they wait for; the loop asks the kernel.",
     waiting_handlers::play, here},
    {"19_trampoline", "A stack of generators, the trampoline, runs a chain of calls as one.", trampoline::play, here},
    {"21_futures", "With futures, the loop need not know what anybody waits for.", futures::play, here},
};

}  // namespace

std::span<const story_step> steps_with_loops() { return steps; }

}  // namespace showcase
