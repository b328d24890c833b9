#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compiles the C++ of the README and the guide, so that what is shown there is what there is.

    tools/doc_code.py COMPILER FLAG...          the flags say where the headers are
    tools/doc_code.py --show                    prints what it would compile

Every block that begins with ```cpp goes into one source, in a namespace of its own; nothing of it is run. What a block needs
that is not in it, the page says in a comment before it, which readers do not see:

    <!-- code: weft::task<> fetch(std::string url); -->      declarations before the block
    <!-- code in a task: std::string url; -->                the block is the body of a coroutine, after these
    <!-- code: none -->                                      the block is not to be compiled

An ellipsis in a block stands for nothing.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"(?:<!-- code(?P<inside> in a task)?:(?P<context>.*?)-->\n)?^```cpp\n(?P<text>.*?)^```",
                   re.DOTALL | re.MULTILINE)
INCLUDE = re.compile(r"^#include .*$", re.MULTILINE)
# What a reader of the guide has included, beside weft.
STANDARD = """#include <csignal>
#include <cstdio>
#include <string>
#include <vector>
"""
EVERYWHERE = """using namespace std::chrono_literals;
namespace http = weft::http;
"""


def pages():
    return [ROOT / "README.md", ROOT / "README.zh-CN.md", *sorted((ROOT / "docs/guide").glob("*.md"))]


def blocks(page):
    """(line, context, whether it is a coroutine's body, text) of each block that is to be compiled."""
    text = page.read_text(encoding="utf-8")
    for match in BLOCK.finditer(text):
        context = (match["context"] or "").strip()
        if context != "none":
            yield text.count("\n", 0, match.start("text")) + 1, context, bool(match["inside"]), match["text"]


def source(skips=lambda text: False):
    """All blocks as one source. First come the headers that they name, and all of weft's, which a block may leave out."""
    headers = sorted((ROOT / "include").rglob("*.hpp"))
    includes = {f"#include <{header.relative_to(ROOT / 'include')}>": None for header in headers}
    code = []
    for page in pages():
        for line, context, inside, text in blocks(page):
            if skips(text):
                continue
            includes.update(dict.fromkeys(INCLUDE.findall(context) + INCLUDE.findall(text)))
            context, text = INCLUDE.sub("", context), INCLUDE.sub("", text).replace("…", "")
            name = page.relative_to(ROOT)
            body = f'{context}\n#line {line} "{name}"\n{text}'
            if inside:
                body = f"weft::task<> block() {{\n{body};\nco_return;\n}}"
            space = re.sub(r"\W", "_", page.stem)
            code.append(f'#line {line - 1} "{name}"\nnamespace {space}_{line} {{\n{EVERYWHERE}{body}}}\n')
    return "\n".join([STANDARD, *includes, *code])


def main(arguments):
    if not arguments:
        sys.exit(__doc__)
    if arguments == ["--show"]:
        return print(source())
    probe = subprocess.run([*arguments, "-x", "c++", "-fsyntax-only", "-"], input="#include <nlohmann/json.hpp>", text=True,
                           capture_output=True)
    has_json = probe.returncode == 0
    text = source(lambda block: not has_json and "nlohmann" in block.lower())
    command = [*arguments, f"-I{ROOT}/include", f"-I{ROOT}/examples", "-w", "-x", "c++", "-fsyntax-only", "-"]
    sys.exit(subprocess.run(command, input=text, text=True).returncode)


if __name__ == "__main__":
    main(sys.argv[1:])
