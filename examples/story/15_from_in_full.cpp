// SPDX-License-Identifier: Apache-2.0
// New: all that `from` stands for, written out (PEP 380). Whatever is done to the outer generator reaches the inner one:
// asked, sent, raised in, closed. The same things are then done to the real `from`; the two logs must be equal.
#include <weft/weft.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

using talker = weft::generator<int, std::optional<int>, int>;  // next() sends nothing: an empty optional

std::vector<std::string> events;

talker inner() {
    for (int n = 1; n < 4; ++n) {
        try {
            const std::optional<int> sent = co_yield n;
            events.push_back(sent ? "inner is sent " + std::to_string(*sent) : "inner is asked");
        } catch (const std::invalid_argument& e) {
            events.push_back(std::string("inner catches ") + e.what());
        } catch (const weft::generator_exit&) {
            events.push_back("inner is closed");
            throw;
        }
    }
    co_return 4;
}

talker in_full() {
    talker to = inner();
    auto item = to.next();
    while (item) {
        std::optional<int> sent;
        std::exception_ptr error;
        try {
            sent = co_yield *item;
        } catch (const weft::generator_exit&) {
            to.close();
            throw;
        } catch (...) {
            error = std::current_exception();
        }
        item = error ? to.raise(error) : sent ? to.send(sent) : to.next();
    }
    co_return to.result();
}

talker by_from() { co_return co_yield weft::from(inner()); }

/// Does to a generator all that can be done.
std::vector<std::string> interview(talker (*made)()) {
    events.clear();
    const auto note = [](talker& g, std::optional<int> item) {
        events.push_back(item ? "yields " + std::to_string(*item) : "returns " + std::to_string(g.result()));
    };
    talker patient = made(), fragile = made(), closed = made();
    note(patient, patient.next());
    note(patient, patient.send(7));
    note(patient, patient.raise(std::invalid_argument("a slip")));
    note(patient, patient.next());
    note(fragile, fragile.next());
    try {
        fragile.raise(std::runtime_error("a fault"));
    } catch (const std::runtime_error& e) {
        events.push_back(std::string("throws ") + e.what());
    }
    note(closed, closed.next());
    closed.close();
    return events;
}

int main() {
    const auto written_out = interview(in_full);
    for (const std::string& line : written_out) std::puts(line.c_str());
    std::puts(interview(by_from) == written_out ? "from: the same" : "from: something else");
}
