// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "json.hpp"

#include <weft/coro/traceback.hpp>

#include <string>
#include <string_view>

namespace showcase {

/// The folder that weft was compiled in, with its last slash; empty if the compiler was given relative paths.
inline std::string_view source_folder() {
    constexpr std::string_view here = __FILE__, below = "examples/apps/showcase/shown_path.hpp";
    return here.substr(0, here.size() - below.size());
}

/// A path within the source, as a stranger may see it: without that folder.
inline std::string_view shown_path(std::string_view file) {
    return file.starts_with(source_folder()) ? file.substr(source_folder().size()) : file;
}

/// The same for all paths in a text.
inline std::string with_shown_paths(std::string text) {
    const std::string_view folder = source_folder();
    for (auto at = text.find(folder); !folder.empty() && at != text.npos; at = text.find(folder, at)) {
        text.erase(at, folder.size());
    }
    return text;
}

/// Where a coroutine stands, as JSON.
inline std::string frame_to_json(const weft::stack_frame& f) {
    return json_object().text("function", f.function).text("file", shown_path(f.file)).number("line", f.line).take();
}

}  // namespace showcase
