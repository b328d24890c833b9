// SPDX-License-Identifier: Apache-2.0
// The story, 13 and 15: a generator seen from inside, and what one does that hands over to another.
#include "recorder.hpp"
#include "story.hpp"

#include <weft/coro/generator.hpp>

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace showcase {

namespace {

namespace where_it_stands {

using numbers = weft::generator<int>;

std::string state(const numbers& g) {
    constexpr const char* names[] = {"created", "running", "suspended", "closed"};
    return names[static_cast<int>(g.state())];
}

/// Its own name, without those of the namespaces around it.
std::string name(const weft::stack_frame& f) { return f.function.substr(f.function.rfind(':') + 1); }

void tell(lane& me, const numbers& g, lane::place at = lane::place::current()) {
    me.says(state(g) + ", resumed by " + name(g.frames().front()), at);
}

numbers inner(recorder& r, const numbers& g) {
    lane me(r, "inner");
    tell(me, g);
    co_yield me.yields(2);
}

numbers outer(recorder& r, const numbers& g) {
    lane me(r, "outer");
    tell(me, g);
    co_yield me.yields(1);
    me.goes_on();
    me.does("hands over", "to inner");
    co_yield weft::from(inner(r, g));
    me.goes_on();
    tell(me, g);
}

void show(lane& me, const numbers& g, lane::place at = lane::place::current()) {
    std::string seen = state(g);
    if (g.state() == weft::generator_state::suspended) {
        for (const weft::stack_frame& f : g.frames()) seen += ", " + name(f) + " at line " + std::to_string(f.line);
        if (g.delegating()) seen += ", to which it delegates";
    }
    me.says(seen, at);
}

void ann(recorder& r, numbers& g) {
    lane me(r, "ann");
    me.does("next", "");
    g.next();
}

void ben(recorder& r, numbers& g) {
    lane me(r, "ben");
    me.does("next", "");
    g.next();
}

void play(recorder& r) {
    lane me(r, "caller");
    numbers g;
    g = outer(r, g);  // it is told who it is, to look at itself
    show(me, g);
    for (const auto one : {ann, ben, ann}) {
        one(r, g);
        show(me, g);
    }
}

}  // namespace where_it_stands

namespace from_in_full {

using talker = weft::generator<int, std::optional<int>, int>;  // next() sends nothing: an empty optional

/// The recorder, and what inner has said: the two runs must be equal in that.
struct interview {
    recorder& r;
    std::vector<std::string> said = {};

    void note(lane& inner, std::string text, lane::place at = lane::place::current()) {
        said.push_back(text);
        inner.says(std::move(text), at);
    }
};

talker inner(interview& now) {
    lane me(now.r, "inner");
    for (int n = 1; n < 4; ++n) {
        try {
            const std::optional<int> sent = co_yield me.yields(n);
            now.note(me, sent ? "is sent " + std::to_string(*sent) : "is asked");
        } catch (const std::invalid_argument& e) {
            now.note(me, std::string("catches ") + e.what());
        } catch (const weft::generator_exit&) {
            now.note(me, "is closed");
            throw;
        }
    }
    co_return 4;
}

talker in_full(interview& now) {
    lane me(now.r, "in full");
    talker to = inner(now);
    me.does("next", "inner");
    auto item = to.next();
    while (item) {
        std::optional<int> sent;
        std::exception_ptr error;
        try {
            sent = co_yield me.yields(*item);
        } catch (const weft::generator_exit&) {
            me.does("close", "inner");
            to.close();
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        me.does(error ? "throw" : sent ? "send" : "next", "on to inner");
        item = error ? to.raise(error) : sent ? to.send(sent) : to.next();
    }
    co_return to.result();
}

talker by_from(interview& now) {
    lane me(now.r, "by from");
    me.does("hands over", "to inner");
    co_return me.goes_on(co_yield weft::from(inner(now)));
}

/// Does to two generators all that can be done. @return what inner said to that
std::vector<std::string> ask(recorder& r, talker (*made)(interview&)) {
    lane me(r, "caller");
    interview now(r);
    {
        talker patient = made(now);
        me.does("next", "");
        me.goes_on(patient.next().value());
        me.does("send", "7");
        me.goes_on(patient.send(7).value());
        me.does("throw", "a slip");
        me.goes_on(patient.raise(std::invalid_argument("a slip")).value());
        me.does("next", "");
        if (!patient.next()) me.says("is returned " + std::to_string(patient.result()));
    }
    talker closed = made(now);
    me.does("next", "");
    me.goes_on(closed.next().value());
    me.does("close", "");
    closed.close();
    return now.said;
}

void play(recorder& r) {
    const auto written_out = ask(r, in_full);
    const bool same = ask(r, by_from) == written_out;
    lane(r, "caller").says(same ? "from: the same" : "from: something else");
}

}  // namespace from_in_full

constexpr std::string_view here = "story_inside.cpp";
constexpr story_step steps[] = {
    {"13_where_it_stands", "A generator knows its state, the line where it stands, and who resumed it last.",
     where_it_stands::play, here},
    {"15_from_in_full", "The word from, written out in full, and then the real one: the same things happen.",
     from_in_full::play, here},
};

}  // namespace

std::span<const story_step> steps_from_inside() { return steps; }

}  // namespace showcase
