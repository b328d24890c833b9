// SPDX-License-Identifier: Apache-2.0
// weft's parser beside llhttp, node's: what weft accepts, llhttp has to take for the same messages, but for the
// differences that are listed here and justified in docs/http-parser.md. That weft refuses what llhttp accepts is said,
// and no fault.
//   compare [FILE OR FOLDER OF REQUESTS ...] [--responses FILE OR FOLDER ...]
#include "llhttp_reader.hpp"

#include "http/attacks_on_heads.hpp"
#include "http/message_reader.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using weft_test::message_reader;

enum class finding { same, stricter, other };

/// Where weft accepts what llhttp does not. Other versions of llhttp may agree.
const std::vector<std::string> justified = {"extension_quoted"};

std::string shown(const std::string& text) {
    std::string all;
    for (const char c : text.substr(0, 160)) {
        if (c == '\r')
            all += "\\r";
        else if (c == '\n')
            all += "\\n";
        else
            all += c < ' ' || c > '~' ? '?' : c;
    }
    return text.size() > 160 ? all + "…" : all;
}

/// The messages that were read to their ends, in what was told.
std::string completed(std::string told) { return told.ends_with(']') ? told : told.substr(0, told.rfind(']') + 1); }

finding compare(const std::string& name, const std::string& bytes, bool of_requests) {
    message_reader ours(of_requests ? message_reader::kind::requests : message_reader::kind::responses);
    ours.feed(bytes);
    const std::string our_words = ours.end(), our_part = completed(our_words);
    weft_test::llhttp_reader theirs(of_requests);
    const std::string their_words = theirs.read(bytes), their_part = completed(their_words);

    const bool is_whole = !ours.is_over() && our_part == our_words;
    const bool agree = is_whole ? their_words == our_words && !theirs.is_over() : their_part.starts_with(our_part);
    if (agree && (our_part == their_part || !ours.is_over()))
        return finding::same;  // or not whole, and nothing is said
    std::printf("%-8s %-44s weft: %-32s llhttp: %s%s\n", agree ? "stricter" : "OTHER", name.c_str(),
                shown(our_words).c_str(), shown(their_words).c_str(),
                !theirs.is_over()     ? ""
                : their_words.empty() ? "refused"
                                      : ", refused");
    return agree ? finding::stricter : finding::other;
}

std::string contents(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t same = 0, stricter = 0, other = 0, unjustified = 0;
    const auto count = [&](const std::string& name, const std::string& bytes, bool of_requests) {
        switch (compare(name, bytes, of_requests)) {
            case finding::same: ++same; break;
            case finding::stricter: ++stricter; break;
            case finding::other:
                ++other;
                if (std::ranges::find(justified, name) == justified.end()) ++unjustified;
        }
    };
    for (const auto& row : weft_test::request_attacks()) count(row.name, row.bytes, true);
    for (const auto& row : weft_test::response_attacks()) count("answer_" + row.name, row.bytes, false);
    bool of_requests = true;
    for (int i = 1; i < argc; ++i) {
        const std::filesystem::path path = argv[i];
        if (path == "--responses")
            of_requests = false;
        else if (!std::filesystem::is_directory(path))
            count(path.filename().string(), contents(path), of_requests);
        else
            for (const auto& entry : std::filesystem::directory_iterator(path))
                count(entry.path().filename().string(), contents(entry.path()), of_requests);
    }
    std::printf("%zu the same, %zu stricter, %zu other, of which %zu are not justified\n", same, stricter, other,
                unjustified);
    return unjustified == 0 ? 0 : 1;
}
