// SPDX-License-Identifier: Apache-2.0
// The first byte chooses a window and whether a context is kept; the rest is taken for compressed, and is compressed.
#include "require.hpp"

#include "http/websocket/websocket_deflate.hpp"

#include <string>

namespace {

using namespace weft_fuzz;
namespace http = weft::http;
using result = http::message_inflater::result;

constexpr std::size_t most_bytes = 64 * 1024;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
    const http::deflate_direction agreed{.window_bits = 9 + data[0] % 7, .keeps_context = (data[0] & 64) != 0};

    http::message_inflater stranger(agreed);
    for (int again = 0; again < 2; ++again) {
        const std::string exact(input);
        std::string message;
        const result r = stranger.inflate(exact, most_bytes, message);
        require(message.size() <= most_bytes + 1, "never more than the limit, and the byte that shows it");
        require(r != result::ok || message.size() <= most_bytes, "a message is within its limit");
        require(message.capacity() <= 4 * most_bytes, "nor more memory");
        if (r != result::ok) break;
    }

    http::message_deflater deflater(agreed);
    http::message_inflater inflater(agreed);
    for (int again = 0; again < 2; ++again) {
        std::string compressed, message;
        deflater.deflate(input, compressed);
        require(inflater.inflate(compressed, input.size(), message) == result::ok,
                "what was compressed can be inflated");
        require(message == input, "and is what it was");
        if (input.empty()) continue;
        http::message_deflater other({agreed.window_bits, false});
        compressed.clear();
        other.deflate(input, compressed);
        const result r =
            http::message_inflater({agreed.window_bits, false}).inflate(compressed, input.size() - 1, message);
        require(r == result::too_big, "a byte less is too little");
    }
    return 0;
}
