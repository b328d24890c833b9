// SPDX-License-Identifier: Apache-2.0
// The first byte says whose side it is, and whether messages are compressed; the rest is what the peer sends.
#include "require.hpp"

#include "http/syntax/utf8.hpp"
#include "http/websocket/websocket_decoder.hpp"

#include <string>

namespace {

using namespace weft_fuzz;
namespace http = weft::http;
using event = http::websocket_decoder::event;

constexpr std::size_t most_bytes = 4096;

struct setting {
    http::websocket_role own;
    std::optional<http::deflate_agreement> agreed = {};
};

/// All that a decoder tells, as text.
template <class Next>
std::string told(std::string_view input, const setting& s, Next next) {
    http::websocket_decoder decoder(s.own, {.message_bytes = most_bytes, .fragments = 16}, s.agreed);
    std::string buffered, all;
    while (!input.empty()) {
        const std::string_view portion = input.substr(0, next());
        input.remove_prefix(portion.size());
        buffered += portion;
        const std::string exact = buffered;  // what lies behind it is not its own
        std::string_view rest = exact;
        for (event e; (e = decoder.decode(rest)) != event::incomplete;) {
            all += std::to_string(static_cast<int>(e)) + ":";
            switch (e) {
                case event::message:
                    require(decoder.message().data.size() <= most_bytes, "a message is within its limit");
                    require(!decoder.message().is_text || http::is_utf8(decoder.message().data), "a text is UTF-8");
                    all += decoder.message().data;
                    break;
                case event::ping:
                case event::pong:
                    require(decoder.payload().size() <= http::max_control_bytes, "a control frame is short");
                    all += decoder.payload();
                    break;
                case event::close:
                    require(http::close_payload(decoder.close()).size() <= http::max_control_bytes,
                            "it can be answered");
                    all += std::to_string(decoder.close().code).append(decoder.close().reason);
                    break;
                case event::refused:
                    require(!http::close_payload(decoder.why()).empty(), "there is a code for it");
                    return all + std::to_string(decoder.why().code).append(decoder.why().reason);
                case event::incomplete: break;
            }
            all += '\n';
        }
        require(rest.size() < http::max_frame_head_bytes, "nothing but a head has to come again");
        buffered.erase(0, buffered.size() - rest.size());
    }
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const bool keeps = data[0] & 4;
    setting s{.own = data[0] & 1 ? http::websocket_role::server : http::websocket_role::client};
    if (data[0] & 2) s.agreed = {{15, keeps}, {15, keeps}};
    portions sizes(input);
    require(told(input, s, [&] { return size; }) == told(input, s, [&] { return sizes.next(); }),
            "what is told does not depend on how the input is cut");
    return 0;
}
