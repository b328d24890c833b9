#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of tidy.py: every rule of the house can be broken, and the breach is found."""
import pathlib
import tempfile
import unittest

import tidy

LICENCE = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = LICENCE + "#pragma once\n"
HASH_LICENCE = LICENCE.replace("//", "#")


def findings(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tidy.findings(tidy.Tree(folder, sorted(files)))


class TidyTest(unittest.TestCase):
    def accepts(self, files):
        self.assertEqual([str(finding) for finding in findings(files)], [])

    def refuses(self, name, message, files):
        """Exactly one thing is wrong, in the file `name`."""
        found = findings(files)
        self.assertEqual([finding.path for finding in found], [name], [str(finding) for finding in found])
        self.assertIn(message, found[0].message)

    def test_a_tidy_tree(self):
        self.accepts({
            "include/weft/weft.hpp": HEADER + "#include <weft/loop/run.hpp>\n",
            "include/weft/loop/run.hpp": HEADER + "#include <utility>\n#include <weft/base/clock.hpp>\n",
            "include/weft/base/clock.hpp": HEADER + "#include <chrono>\n",
            "src/loop/run.cpp": LICENCE + '#include "loop/inbox.hpp"\n#include "wake.hpp"\n#include <sys/epoll.h>\n',
            "src/loop/inbox.hpp": HEADER,
            "src/loop/wake.hpp": HEADER,
            "tests/loop/run_test.cpp": LICENCE + "#include <weft/weft.hpp>\nauto s = weft::sleep(1h);\n",
            "tools/a.py": "#!/usr/bin/env python3\n" + HASH_LICENCE,
        })

    def test_an_include_that_points_up(self):
        self.refuses("include/weft/base/a.hpp", "base may not include from loop", {
            "include/weft/base/a.hpp": HEADER + "#include <weft/loop/b.hpp>\n", "include/weft/loop/b.hpp": HEADER})

    def test_an_include_that_points_up_in_the_sources(self):
        self.refuses("src/coro/a.hpp", "coro may not include from loop", {
            "src/coro/a.hpp": HEADER + '#include "loop/b.hpp"\n', "src/loop/b.hpp": HEADER})

    def test_an_include_that_points_sideways(self):
        self.refuses("include/weft/net/a.hpp", "net may not include from process", {
            "include/weft/net/a.hpp": HEADER + "#include <weft/process/b.hpp>\n", "include/weft/process/b.hpp": HEADER})

    def test_an_include_reaches_what_the_layer_below_may_reach(self):
        self.accepts({"include/weft/net/a.hpp": HEADER + "#include <weft/base/b.hpp>\n", "include/weft/base/b.hpp": HEADER})

    def test_an_include_of_the_umbrella(self):
        self.refuses("include/weft/base/a.hpp", "is for users", {
            "include/weft/base/a.hpp": HEADER + "#include <weft/weft.hpp>\n", "include/weft/weft.hpp": HEADER})

    def test_an_include_of_nothing(self):
        self.refuses("include/weft/base/a.hpp", "does not exist", {
            "include/weft/base/a.hpp": HEADER + "#include <weft/base/b.hpp>\n"})

    def test_a_private_header_of_a_layer_whose_public_ones_suffice(self):
        self.refuses("src/sync/a.hpp", "public headers of other layers only", {
            "src/sync/a.hpp": HEADER + '#include "loop/b.hpp"\n', "src/loop/b.hpp": HEADER})

    def test_an_unknown_layer(self):
        self.refuses("include/weft/attic/a.hpp", "not in the table", {"include/weft/attic/a.hpp": HEADER})

    def test_a_system_header_in_public(self):
        for system in ("liburing.h", "sys/epoll.h", "unistd.h", "openssl/ssl.h", "Python.h", "fmt/core.h"):
            self.refuses("include/weft/base/a.hpp", system, {"include/weft/base/a.hpp": HEADER + f"#include <{system}>\n"})

    def test_a_source_without_its_licence(self):
        self.refuses("src/base/a.hpp", "SPDX", {"src/base/a.hpp": "#pragma once\n"})
        self.refuses("scripts/a", "SPDX", {"scripts/a": "#!/bin/sh\n# Does it.\n"})
        self.refuses("CMakeLists.txt", "SPDX", {"CMakeLists.txt": LICENCE})

    def test_a_header_that_can_be_included_twice(self):
        self.refuses("tests/a.hpp", "#pragma once", {"tests/a.hpp": LICENCE})

    def test_a_source_without_a_header(self):
        self.refuses("src/loop/a.cpp", "no header", {"src/loop/a.cpp": LICENCE, "src/base/a.hpp": HEADER})
        self.accepts({"src/loop/a_b.cpp": LICENCE, "src/loop/a.hpp": HEADER})

    def test_a_test_of_nothing(self):
        self.refuses("tests/loop/a_test.cpp", "tests nothing", {"tests/loop/a_test.cpp": LICENCE})

    def test_a_test_that_is_not_built(self):
        self.refuses("tests/loop/a.cpp", "is not built", {"tests/loop/a.cpp": LICENCE})

    def test_a_long_example(self):
        self.refuses("examples/01_a.cpp", "under 80 lines", {"examples/01_a.cpp": LICENCE + "\n" * 79})
        self.accepts({"examples/01_a.cpp": LICENCE + "\n" * 78, "examples/apps/a/a.cpp": LICENCE + "\n" * 99})

    def test_a_long_file(self):
        warned, = findings({"tests/a.hpp": HEADER + "\n" * 399})
        failed, = findings({"tests/a.hpp": HEADER + "\n" * 599})
        self.assertEqual((warned.warning, failed.warning), (True, False))

    def test_a_namespace_opened_in_a_header(self):
        self.refuses("tests/a.hpp", "using namespace", {"tests/a.hpp": HEADER + "using namespace std;\n"})

    def test_a_test_that_sleeps(self):
        for nap in ("std::this_thread::sleep_for(1s);", "usleep(1000);", "nanosleep(&t, nullptr);"):
            self.refuses("tests/a.hpp", "tests wait for events", {"tests/a.hpp": HEADER + nap + "\n"})

    def test_a_place_on_one_machine(self):
        for place in ("root", "home", "work"):
            self.refuses("a.md", "one machine", {"a.md": f"See `/{place}/someone/notes`.\n"})
        self.accepts({"a.md": "See https://example.org/home/page and build/work/x and /homes/x.\n"})

    def test_a_macro_in_public(self):
        self.refuses("include/weft/base/a.hpp", "the macro AWAIT", {
            "include/weft/base/a.hpp": HEADER + "#define AWAIT(x) co_await (x)\n"})
        self.accepts({"include/weft/base/a.hpp": HEADER + f"#define {min(tidy.MACROS)} 0\n"})

    def test_something_left_to_do(self):
        for mark in ("TO" + "DO", "FIX" + "ME"):
            self.refuses("tests/a.hpp", mark, {"tests/a.hpp": HEADER + f"// {mark}: later\n"})

    def test_white_space(self):
        self.refuses("a.md", "end of the line", {"a.md": "a \n"})
        self.refuses("tests/a.hpp", "a tab", {"tests/a.hpp": HEADER + "\tint a;\n"})
        self.refuses("a.md", "no end", {"a.md": "a"})

    def test_a_light_header_that_grew_heavy(self):
        for heavy in ("chrono", "ranges"):
            self.refuses("include/weft/coro/a.hpp", f"includes weft/base/clock.hpp -> <{heavy}>", {
                "include/weft/coro/a.hpp": HEADER + "#include <weft/base/clock.hpp>\n",
                "include/weft/base/clock.hpp": HEADER + f"#include <{heavy}>\n"})

    def test_a_parity_page_that_names_no_test(self):
        files = {"include/weft/coro/a.hpp": HEADER, "tests/compile_fail/b.cpp": LICENCE,
                 "tests/coro/a_test.cpp": LICENCE + "TEST(a, works) {}\nTEST_F(a_fixture,\n       works_too) {}\n"}
        self.accepts({**files, "docs/parity.md": "`a_test: a.works`, `a_test: a_fixture.works_too`, `compile_fail: b`\n"})
        for name in ("a_test: a.work", "a_test: a.works_too", "b_test: a.works", "compile_fail: c"):
            self.refuses("docs/parity-a.md", f"{name} is no test", {**files, "docs/parity-a.md": f"| a | `{name}` |\n"})

    def test_a_story_that_is_not_told_whole(self):
        files = {f"examples/story/{name}": text + " SPDX-License-Identifier: Apache-2.0\n"
                 for name, text in (("01_a.cpp", "//"), ("01_a.py", "#"), ("02_b.cpp", "//"), ("02_b.py", "#"))}
        page = "".join(f"| [{name}](../../examples/story/{name}.cpp) | Once upon a time. |\n" for name in ("01_a", "02_b"))
        self.accepts({**files, "docs/guide/story.md": page})
        self.refuses("docs/guide/story.zh-CN.md", "tells of None where examples/story/ has 02_b", {
            **files, "docs/guide/story.md": page, "docs/guide/story.zh-CN.md": page[:page.index("\n") + 1]})
        del files["examples/story/02_b.py"]
        self.refuses("examples/story/02_b.cpp", "has no twin: 02_b.py", files)

    def test_a_header_of_a_layer_that_leaves_one_out(self):
        run = {"include/weft/loop/run.hpp": HEADER}
        self.accepts({"include/weft/loop.hpp": HEADER + "#include <weft/loop/run.hpp>\n", **run})
        self.refuses("include/weft/loop.hpp", "does not include weft/loop/run.hpp", {"include/weft/loop.hpp": HEADER, **run})

    def test_a_link_that_leads_nowhere(self):
        files = {"docs/a.md": "# A page\n## What `b()` is, and why\n[b](#what-b-is-and-why) [c](https://example.org/c)\n",
                 "docs/guide/b.md": "[a](../a.md#a-page) [it](../../docs) `[no](link)`\n```\n# [no](link)\n```\n"}
        self.accepts(files)
        for link, message in (("d.md", "is not there"), ("../b.md", "is not there"), ("../a.md#b", "no such heading"),
                              ("#no", "no such heading"), ("../a.md#no-link", "no such heading")):
            self.refuses("docs/guide/c.md", message, {**files, "docs/guide/c.md": f"[x]({link})\n"})


if __name__ == "__main__":
    unittest.main()
