// SPDX-License-Identifier: Apache-2.0
#include "options.hpp"

#include <charconv>
#include <limits>
#include <string_view>

namespace mini_redis {

namespace {

// A number, with k, m or g for powers of 1024 behind it.
std::size_t parse_size(std::string_view option, std::string_view text, std::size_t least, std::size_t most) {
    std::size_t value = 0;
    auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const char each : {'k', 'm', 'g'}) {
        if (problem != std::errc{} || unit.empty() || value > most) break;
        value *= 1024;
        if (unit[0] == each) unit = {};
    }
    if (problem != std::errc{} || !unit.empty() || value < least || value > most) {
        throw usage_error(std::string(option) + " wants a number from " + std::to_string(least) + " to " +
                          std::to_string(most));
    }
    return value;
}

}  // namespace

options parse_options(std::span<const char* const> arguments) {
    constexpr std::size_t smallest = 1024, gigabyte = 1 << 30;
    options chosen;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view option = arguments[i];
        if (option == "--help") {
            chosen.help = true;
            continue;
        }
        if (i + 1 == arguments.size()) throw usage_error("what about " + std::string(option) + "?");
        const std::string_view value = arguments[++i];
        if (option == "--port") {
            chosen.port =
                static_cast<std::uint16_t>(parse_size(option, value, 0, std::numeric_limits<std::uint16_t>::max()));
        } else if (option == "--bind") {
            chosen.bind = value;
        } else if (option == "--max-clients") {
            chosen.bounds.clients = parse_size(option, value, 1, 1'000'000);
        } else if (option == "--client-output-limit") {
            chosen.bounds.output_bytes = parse_size(option, value, smallest, gigabyte);
        } else if (option == "--client-query-limit") {
            chosen.bounds.query_bytes = chosen.bounds.transaction_bytes = parse_size(option, value, smallest, gigabyte);
        } else {
            throw usage_error("there is no option " + std::string(option));
        }
    }
    return chosen;
}

const char* usage() noexcept {
    return "usage: mini_redis [--port 6380] [--bind 127.0.0.1] [--max-clients 10000]\n"
           "                  [--client-query-limit 16m]   the largest request, and the largest transaction\n"
           "                  [--client-output-limit 64m]  the largest reply; what may wait for a slow subscriber\n";
}

}  // namespace mini_redis
