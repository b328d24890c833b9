# SPDX-License-Identifier: Apache-2.0
# Writes OUTPUT, a C++ file with page_files(): each of FILES, separated by commas, as a string in the program.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_cpp "text/plain; charset=utf-8")

string(REPLACE "," ";" files "${FILES}")
set(entries "")
foreach(file IN LISTS files)
    cmake_path(GET file FILENAME name)
    cmake_path(GET file EXTENSION LAST_ONLY extension)
    string(SUBSTRING "${extension}" 1 -1 extension)
    set(path "/${name}")
    if(name STREQUAL "index.html")
        set(path "/")
    elseif(extension STREQUAL "cpp")
        set(path "/source/${name}")
    endif()
    file(READ "${file}" text)
    string(APPEND entries "    {\"${path}\", \"${type_${extension}}\", R\"embedded(${text})embedded\"},\n")
endforeach()

file(WRITE "${OUTPUT}" "// Written by embed.cmake.
#include \"page.hpp\"

namespace {
constexpr showcase::page_file files[] = {
${entries}};
}  // namespace

std::span<const showcase::page_file> showcase::page_files() { return files; }
")
