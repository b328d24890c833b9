// SPDX-License-Identifier: Apache-2.0
#include "require.hpp"

#include "http/message/chunked_decoder.hpp"
#include "http/message/message_writer.hpp"

#include <algorithm>
#include <string>

namespace {

using namespace weft_fuzz;
namespace http = weft::http;
using result = http::chunked_decoder::result;

struct outcome {
    result verdict = result::incomplete;
    std::string content, trailers;
    std::string_view sentence;
    std::size_t left = 0;
    bool operator==(const outcome&) const = default;
};

/// @param next  how large the next portion is
template <class Next>
outcome decoded(std::string_view input, Next next) {
    http::chunked_decoder decoder(true);
    outcome all;
    while (!input.empty() && all.verdict == result::incomplete) {
        const std::string portion(input.substr(0, next()));  // a copy: what lies behind it is not its own
        std::string_view rest = portion;
        while ((all.verdict = decoder.decode(rest)) == result::content) {
            require(!decoder.content().empty(), "content is something");
            all.content += decoder.content();
        }
        require(all.verdict != result::incomplete || rest.empty(), "the input is used up before more is asked for");
        input.remove_prefix(portion.size() - rest.size());
    }
    all.left = all.verdict == result::complete ? input.size() : 0;
    if (all.verdict == result::refused) all.sentence = decoder.why().sentence;
    if (all.verdict == result::complete) append_fields(all.trailers, decoder.trailers());
    return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    const outcome whole = decoded(input, [&] { return size; });
    portions sizes(input);
    require(whole == decoded(input, [&] { return sizes.next(); }),
            "the verdict does not depend on how the input is cut");
    if (whole.verdict != result::complete) return 0;

    std::string text;
    if (!whole.content.empty()) {
        http::append_chunk_size(text, whole.content.size());
        text.append(whole.content).append(http::end_of_chunk);
    }
    text.append(http::last_chunk).append(whole.trailers);
    http::append_end_of_fields(text);
    outcome expected = whole;
    expected.left = 0;
    // The one space that is written before a value may be what the limit of the trailers has no room for.
    if (whole.trailers.size() < 8000)
        require(decoded(text, [&] { return text.size(); }) == expected, "what is written again is accepted alike");
    return 0;
}
