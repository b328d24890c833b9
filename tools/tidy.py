#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of the house, as a program: prints what breaks one, and fails if anything does.

    tools/tidy.py        checks every file that git knows or would add; tools/tidy_test.py shows each rule failing
"""
import itertools
import pathlib
import posixpath
import re
import subprocess
import sys
from typing import NamedTuple

# Which layers a layer may include from; what those include, it may too.
LAYERS = {
    "base": [],
    "coro": ["base"],
    "loop": ["coro"],
    "flow": ["loop"],
    "exec": ["loop"],
    "sync": ["loop", "flow"],
    "io": ["loop", "flow", "exec"],
    "tls": ["io"],
    "net": ["io", "tls", "exec"],
    "process": ["io", "tls", "exec"],
    "inspect": ["loop"],
    "fiber": ["loop", "exec"],
    "hook": ["fiber"],
    "http": ["sync", "net", "process", "inspect"],
    "testing": ["sync", "net", "process", "inspect", "http"],
}
# Layers that use no more of the others than any user could: none of their private headers.
PUBLIC_API_ONLY = {"sync", "http"}
# Headers that are not about time or ranges, and so bring in neither <chrono> nor <ranges>, not even by way of others.
NEITHER_TIME_NOR_RANGES = [
    r"weft/base/(?!clock\b)\w+\.hpp",
    r"weft/coro/(?!(generator|from)\b)\w+\.hpp",
    r"weft/loop/(loop_resource|ready_queue|registry|task_core|waiter|future|future_core|context_var)\.hpp",
    r"weft/sync/\w+\.hpp",
]
# Macros that public headers may define.
MACROS = {"WEFT_KEEP_FRAMES", "WEFT_TRIVIAL_ABI"}
EXAMPLE_LINES = 80
LONG_FILE, TOO_LONG_FILE = 400, 600

CPP = (".hpp", ".cpp", ".h", ".c")
HEADERS = (".hpp", ".h")
HASH_COMMENTED = (".py", ".sh", ".cmake", ".cmake.in", "CMakeLists.txt", "Makefile")


class Finding(NamedTuple):
    path: str
    line: int
    message: str
    warning: bool = False

    def __str__(self):
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.message}"


class Tree:
    """The files under a folder: names relative to it, and their text."""

    def __init__(self, root, names):
        self.texts = {}
        for name in names:
            try:
                self.texts[name] = (pathlib.Path(root) / name).read_text(encoding="utf-8")
            except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
                continue  # pictures; files that git still lists after they were removed; submodules

    def named(self, *ends, under=""):
        return {name: text for name, text in self.texts.items() if name.startswith(under) and name.endswith(ends)}

    def code(self):
        return {name: text for name, text in self.texts.items()
                if name.endswith(CPP + HASH_COMMENTED) or text.startswith("#!")}


def lines_like(text, pattern):
    """(line number, match) of every line that holds the pattern."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.search(pattern, line):
            yield number, match


def includes(text):
    """(line number, quote, name) of every #include."""
    for number, match in lines_like(text, r'^\s*#\s*include\s*([<"])([^>"]+)[>"]'):
        yield number, match[1], match[2]


def layer_of(name):
    """The layer that a file under include/weft or src belongs to, or None."""
    match = re.match(r"(?:include/weft|src)/(\w+)/", name)
    return match[1] if match else None


def reachable(layer):
    """The layers that `layer` may include from, itself among them."""
    found, new = {layer}, [layer]
    while new:
        for below in LAYERS[new.pop()]:
            if below not in found:
                found.add(below)
                new.append(below)
    return found


def included_file(tree, name, quote, target):
    """The file of this project that an include means, or None."""
    beside = str(pathlib.PurePosixPath(name).parent / target)
    places = [f"include/{target}", f"src/{target}"]
    return next((place for place in ([beside] if quote == '"' else []) + places if place in tree.texts), None)


# The rules. Each takes the tree and yields findings.

def includes_point_down(tree):
    for name, text in {**tree.named(*CPP, under="include/"), **tree.named(*CPP, under="src/")}.items():
        layer = layer_of(name)
        if layer is None:
            continue
        if layer not in LAYERS:
            yield Finding(name, 1, f"the layer {layer} is not in the table of tools/tidy.py")
            continue
        for line, quote, target in includes(text):
            file = included_file(tree, name, quote, target)
            if file is None:
                if target.startswith("weft/"):
                    yield Finding(name, line, f"<{target}> does not exist")
            elif (other := layer_of(file)) is None:
                yield Finding(name, line, f"<{target}> is for users: include what is needed of it")
            elif other not in reachable(layer):
                yield Finding(name, line, f"{layer} may not include from {other}")
            elif other != layer and layer in PUBLIC_API_ONLY and file.startswith("src/"):
                yield Finding(name, line, f"{layer} uses the public headers of other layers only")


def public_headers_include_only_the_standard_library(tree):
    for name, text in tree.named(".hpp", under="include/").items():
        for line, _, target in includes(text):
            if not target.startswith("weft/") and not re.fullmatch(r"[a-z_]+", target):
                yield Finding(name, line, f"{target}: public headers include the standard library and weft/ alone")


def sources_name_their_licence(tree):
    for name, text in tree.code().items():
        lines = text.splitlines()
        wanted = ("//" if name.endswith(CPP) else "#") + " SPDX-License-Identifier: Apache-2.0"
        at = 1 if text.startswith("#!") else 0
        if len(lines) <= at or lines[at] != wanted:
            yield Finding(name, at + 1, f"this line should be: {wanted}")


def headers_are_included_once(tree):
    for name, text in tree.named(*HEADERS).items():
        if not any(lines_like(text, r"^#pragma once$")):
            yield Finding(name, 1, "a header needs #pragma once")


def stem_and_its_beginnings(stem):
    """backend_epoll.cpp is one of backend.hpp's, generator_close_test.cpp one of generator.hpp's."""
    words = stem.split("_")
    return ["_".join(words[:count]) for count in range(len(words), 0, -1)]


def sources_pair_with_headers(tree):
    for name in tree.named(".cpp", under="src/"):
        folder, _, stem = name[len("src/"):-len(".cpp")].rpartition("/")
        layer = folder.split("/")[0]
        places = f"include/weft/{layer}", f"src/{folder}"
        if not any(f"{place}/{each}.hpp" in tree.texts for place in places for each in stem_and_its_beginnings(stem)):
            yield Finding(name, 1, f"has no header: neither {places[0]}/{stem}.hpp nor {places[1]}/{stem}.hpp")


def tests_mirror_the_tree(tree):
    """By layer: that src/http/ has parts is no test's business."""
    there = {re.sub(r"^src/(\w+)/\w+/", r"src/\1/", name) for name in tree.texts}
    for name in tree.named(".cpp", under="tests/"):
        match = re.fullmatch(r"tests/(\w+)/(\w+)\.cpp", name)
        if not match or match[1] not in LAYERS:
            continue
        layer, stem = match.groups()
        if not stem.endswith("_test"):
            yield Finding(name, 1, "is not built: the files of tests/<layer>/ end in _test.cpp")
            continue
        stem = stem[:-len("_test")]
        tested = [place for each in stem_and_its_beginnings(stem)
                  for place in (f"include/weft/{layer}/{each}.hpp", f"src/{layer}/{each}.hpp", f"src/{layer}/{each}.cpp")]
        if there.isdisjoint(tested):
            yield Finding(name, 1, f"tests nothing: there is no {tested[0]}, and nothing of that name in src/{layer}")


def examples_are_short(tree):
    for name, text in tree.named(".cpp", under="examples/").items():
        if not name.startswith("examples/apps/") and len(text.splitlines()) >= EXAMPLE_LINES:
            yield Finding(name, EXAMPLE_LINES, f"an example stays under {EXAMPLE_LINES} lines")


def files_are_short(tree):
    for name, text in tree.code().items():
        count = len(text.splitlines())
        if count > LONG_FILE:
            yield Finding(name, count, f"{count} lines: is this two ideas?", warning=count <= TOO_LONG_FILE)


def headers_open_no_namespaces(tree):
    for name, text in tree.named(*HEADERS).items():
        for line, _ in lines_like(text, r"^\s*using namespace\b"):
            yield Finding(name, line, "`using namespace` in a header reaches everyone who includes it")


def tests_do_not_sleep(tree):
    for name, text in tree.named(*CPP, under="tests/").items():
        if name.startswith("tests/hook/"):
            continue  # there it is fibers that sleep, by the virtual clock
        for line, match in lines_like(text, r"\b(this_thread::sleep_\w+|usleep|nanosleep)\b"):
            yield Finding(name, line, f"{match[1]}: tests wait for events, or use the virtual clock")


def files_know_no_machine(tree):
    for name, text in tree.texts.items():
        for line, match in lines_like(text, r"(?<![\w.$}~/-])/(?:root|work|home)/\w+"):
            yield Finding(name, line, f"{match[0]} is a place on one machine")


def public_headers_define_no_macros(tree):
    for name, text in tree.named(".hpp", under="include/").items():
        for line, match in lines_like(text, r"^\s*#\s*define\s+(\w+)"):
            if match[1] not in MACROS:
                yield Finding(name, line, f"the macro {match[1]} is not in the list of tools/tidy.py")


def nothing_is_left_to_do(tree):
    for name, text in tree.code().items():
        for line, match in lines_like(text, r"\b(TO[D]O|FIX[M]E|XX[X])\b"):
            yield Finding(name, line, f"{match[1]}: do it, or open an issue")


def whitespace_is_plain(tree):
    for name, text in tree.texts.items():
        if name.startswith("tests/fuzz/corpus/"):
            continue  # bytes, as they came
        for line, _ in lines_like(text, r"[ \t\r]+$"):
            yield Finding(name, line, "white space at the end of the line")
        if name.endswith(CPP):
            for line, _ in lines_like(text, r"\t"):
                yield Finding(name, line, "a tab")
        if text and not text.endswith("\n"):
            yield Finding(name, text.count("\n") + 1, "the last line has no end")


def a_layer_in_one_header_is_whole(tree):
    """<weft/http.hpp> includes all of weft/http/, if there is a header of that kind."""
    for name, text in tree.named(".hpp", under="include/weft/").items():
        folder = name.removesuffix(".hpp") + "/"
        there = {each.removeprefix("include/") for each in tree.named(".hpp", under=folder)}
        for missing in sorted(there - {target for _, _, target in includes(text)}):
            yield Finding(name, 1, f"does not include {missing}")


def light_headers_stay_light(tree):
    for name, text in tree.named(".hpp", under="include/weft/").items():
        if not any(re.fullmatch(pattern, name[len("include/"):]) for pattern in NEITHER_TIME_NOR_RANGES):
            continue
        for line, quote, target in includes(text):
            if heavy := heavy_way(tree, name, quote, target, {name}):
                yield Finding(name, line, f"is not about time or ranges, and includes {' -> '.join(heavy)}")


def heavy_way(tree, name, quote, target, seen):
    """The includes that lead from `target` to <chrono> or <ranges>, or None."""
    if target in ("chrono", "ranges"):
        return [f"<{target}>"]
    file = included_file(tree, name, quote, target)
    if file is None or file in seen:
        return None
    seen.add(file)
    for _, next_quote, next_target in includes(tree.texts[file]):
        if way := heavy_way(tree, file, next_quote, next_target, seen):
            return [target, *way]
    return None


def parity_pages_name_tests_that_exist(tree):
    """`from_test: from.send_goes_…` is a test in tests/*/from_test.cpp, `compile_fail: from_a_task` a file there."""
    for name, text in tree.named(".md", under="docs/parity").items():
        for number, line in enumerate(text.splitlines(), 1):
            for file, suite, test in re.findall(r"`(\w+): (?:(\w+)\.)?(\w+)`", line):
                ends = f"/{file}.cpp" if suite else f"/{file}/{test}.cpp"
                begins = rf"\b(TYPED_)?TEST(_[FP])?\(\s*{suite},\s*{test}\s*\)" if suite else ""
                if not any(re.search(begins, source) for source in tree.named(ends, under="tests/").values()):
                    yield Finding(name, number, f"{file}: {suite and suite + '.'}{test} is no test")


def the_story_is_told_whole(tree):
    """Both pages tell of every program, in order, and each program has its twin in Python."""
    folder = "examples/story/"
    chapters = sorted(name[len(folder):-len(".cpp")] for name in tree.named(".cpp", under=folder))
    for name in chapters:
        if f"{folder}{name}.py" not in tree.texts:
            yield Finding(f"{folder}{name}.cpp", 1, f"has no twin: {name}.py")
    for name, text in tree.named(".md", under="docs/guide/story.").items():
        told = [match[1] for _, match in lines_like(text, rf"^\| \[(\w+)\]\(../../{folder}\1\.cpp\) \| .+ \|$")]
        if told != chapters:
            wrong = next(pair for pair in itertools.zip_longest(told, chapters) if pair[0] != pair[1])
            yield Finding(name, 1, f"tells of {wrong[0]} where {folder} has {wrong[1]}")


def prose(text):
    """(line number, line) of a page, without what stands in code."""
    in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            in_code = not in_code
        elif not in_code:
            yield number, line


def anchors(text):
    """How links name the headings of a page."""
    for _, line in prose(text):
        if match := re.match(r"#+ (.*)", line):
            heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", match[1]).strip().lower()
            yield re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")


def links_lead_somewhere(tree):
    """A link of a page into this tree names a file or folder that is there, and after # one of its headings."""
    for name, text in tree.named(".md").items():
        for number, line in prose(text):
            for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`]*`", "", line)):
                if re.match(r"[a-z]+:", link):
                    continue
                path, _, anchor = link.partition("#")
                target = posixpath.normpath(posixpath.join(posixpath.dirname(name), path)) if path else name
                if target not in tree.texts and not tree.named("", under=f"{target}/"):
                    yield Finding(name, number, f"{link} is not there")
                elif anchor and anchor not in anchors(tree.texts.get(target, "")):
                    yield Finding(name, number, f"{link}: there is no such heading")


RULES = [includes_point_down, public_headers_include_only_the_standard_library, sources_name_their_licence,
         headers_are_included_once, sources_pair_with_headers, tests_mirror_the_tree, examples_are_short, files_are_short,
         headers_open_no_namespaces, tests_do_not_sleep, files_know_no_machine, public_headers_define_no_macros,
         nothing_is_left_to_do, whitespace_is_plain, a_layer_in_one_header_is_whole, light_headers_stay_light,
         parity_pages_name_tests_that_exist,
         the_story_is_told_whole, links_lead_somewhere]


def findings(tree):
    return [finding for rule in RULES for finding in rule(tree)]


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    listed = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=root, check=True,
                            capture_output=True, text=True).stdout
    tree = Tree(root, sorted(set(listed.split("\0")) - {""}))
    found = findings(tree)
    for finding in found:
        print(finding)
    broken = sum(not finding.warning for finding in found)
    print(f"tidy: {len(tree.texts)} files, {broken} broken rules, {len(found) - broken} warnings")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
