// SPDX-License-Identifier: Apache-2.0
#include "http/websocket/websocket_extensions.hpp"

#include "http/syntax/field_scanner.hpp"

#include <weft/http/headers.hpp>

#include <algorithm>
#include <utility>

namespace weft::inline v0::http {

namespace {

constexpr std::string_view extension_name = "permessage-deflate";
constexpr int most_bits = 15;

/// The parameters of permessage-deflate, in an offer or an answer.
struct deflate_parameters {
    bool server_keeps_none = false, client_keeps_none = false;
    std::optional<int> server_bits, client_bits;
    bool client_bits_without_value = false;

    /// Empty: one that is unknown, comes twice or has a wrong value.
    static std::optional<deflate_parameters> read(const websocket_extension& from);
};

std::optional<int> read_bits(std::string_view text) noexcept {
    if (text == "8" || text == "9") return text[0] - '0';
    if (text.size() == 2 && text[0] == '1' && text[1] >= '0' && text[1] <= '5') return 10 + (text[1] - '0');
    return std::nullopt;
}

std::optional<deflate_parameters> deflate_parameters::read(const websocket_extension& from) {
    deflate_parameters all;
    for (const auto& [name, value] : from.parameters) {
        if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
            bool& given = name.starts_with('s') ? all.server_keeps_none : all.client_keeps_none;
            if (value || given) return std::nullopt;
            given = true;
        } else if (name == "server_max_window_bits" || name == "client_max_window_bits") {
            const bool is_clients = name.starts_with('c');
            std::optional<int>& bits = is_clients ? all.client_bits : all.server_bits;
            if (bits || (is_clients && all.client_bits_without_value)) return std::nullopt;
            if (is_clients && !value) {
                all.client_bits_without_value = true;
                continue;
            }
            bits = read_bits(value.value_or(""));
            if (!bits) return std::nullopt;
        } else {
            return std::nullopt;
        }
    }
    return all;
}

int own_bits(const websocket_compression& wanted) noexcept { return std::clamp(wanted.window_bits, 9, most_bits); }

std::string bits_parameter(std::string_view name, int bits) {
    return "; " + std::string(name) + "_max_window_bits=" + std::to_string(bits);
}

}  // namespace

std::optional<std::vector<websocket_extension>> parse_extensions(std::string_view field) {
    std::vector<websocket_extension> found;
    field_scanner scan(field);
    while (true) {
        scan.skip_blanks();
        if (scan.at_end()) return found;
        if (scan.take(',')) continue;
        websocket_extension& one = found.emplace_back(lower_case(scan.token()));
        if (one.name.empty()) return std::nullopt;
        for (scan.skip_blanks(); scan.take(';'); scan.skip_blanks()) {
            scan.skip_blanks();
            auto& parameter = one.parameters.emplace_back(lower_case(scan.token()));
            if (parameter.name.empty()) return std::nullopt;
            if (!scan.take('=')) continue;
            if (scan.rest().starts_with('"')) {
                parameter.value = scan.quoted_string();
                if (!parameter.value || !is_token(*parameter.value)) return std::nullopt;
            } else {
                parameter.value = scan.token();
                if (parameter.value->empty()) return std::nullopt;
            }
        }
        if (!scan.at_end() && !scan.take(',')) return std::nullopt;
    }
}

std::optional<deflate_answer> answer_offers(const std::vector<websocket_extension>& offers,
                                            const websocket_compression& wanted) {
    if (!has_deflate || !wanted.enabled) return std::nullopt;
    for (const websocket_extension& offer : offers) {
        if (offer.name != extension_name) continue;
        const auto asked = deflate_parameters::read(offer);
        if (!asked) continue;
        deflate_answer answer{.agreed = {.own = {std::min(own_bits(wanted), asked->server_bits.value_or(most_bits)),
                                                 wanted.keep_context && !asked->server_keeps_none},
                                         .peer = {asked->client_bits.value_or(most_bits),
                                                  wanted.keep_context && !asked->client_keeps_none}},
                              .field = std::string(extension_name)};
        auto& [own, peer] = answer.agreed;
        if (!own.keeps_context) answer.field += "; server_no_context_takeover";
        if (!peer.keeps_context) answer.field += "; client_no_context_takeover";
        if (asked->server_bits || own.window_bits < most_bits)
            answer.field += bits_parameter("server", own.window_bits);
        if (asked->client_bits || asked->client_bits_without_value) {  // else it could not obey
            peer.window_bits = std::min(peer.window_bits, own_bits(wanted));
            if (peer.window_bits < most_bits) answer.field += bits_parameter("client", peer.window_bits);
        }
        return answer;
    }
    return std::nullopt;
}

std::string offer_deflate(const websocket_compression& wanted) {
    if (!has_deflate || !wanted.enabled) return {};
    std::string field(extension_name);
    if (!wanted.keep_context) field += "; server_no_context_takeover; client_no_context_takeover";
    const int bits = own_bits(wanted);
    if (bits < most_bits) {
        field += bits_parameter("server", bits);
        return field + bits_parameter("client", bits);
    }
    return field + "; client_max_window_bits";
}

std::optional<deflate_agreement> check_answer(const websocket_extension& answer, const websocket_compression& wanted) {
    if (!has_deflate || !wanted.enabled || answer.name != extension_name) return std::nullopt;
    const auto said = deflate_parameters::read(answer);
    if (!said || said->client_bits_without_value) return std::nullopt;
    const int bits = own_bits(wanted);
    // What was asked for is granted, or the whole is not taken.
    if (!wanted.keep_context && !said->server_keeps_none) return std::nullopt;
    if (bits < most_bits && said->server_bits.value_or(most_bits) > bits) return std::nullopt;
    return deflate_agreement{
        .own = {std::min(bits, said->client_bits.value_or(most_bits)), wanted.keep_context && !said->client_keeps_none},
        .peer = {said->server_bits.value_or(most_bits), !said->server_keeps_none}};
}

}  // namespace weft::inline v0::http
