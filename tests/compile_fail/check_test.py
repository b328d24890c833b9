#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of check.py: a file that compiles, fails for another reason, or expects nothing does not pass."""
import pathlib
import sys
import tempfile
import unittest

import check

COMPILER = [sys.argv.pop()]
MISTAKE = '''
template <class T> void f(T) { static_assert(sizeof(T) == 0, "f takes nothing"); }
#ifndef WEFT_COMPILE_FAIL_CONTROL
void g() { f(1); }
#endif
'''


class CheckTest(unittest.TestCase):
    def problems(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "file.cpp")
            path.write_text(text)
            return check.problems(str(path), COMPILER)

    def test_a_diagnosed_mistake_passes(self):
        self.assertEqual(self.problems("// expect: f takes nothing" + MISTAKE), [])

    def test_each_compiler_has_its_own_expectations(self):
        other = {"clang": "gcc", "gcc": "clang"}[check.family(COMPILER)]
        text = f"// expect-{check.family(COMPILER)}: f takes\n// expect-{other}: never said" + MISTAKE
        self.assertEqual(self.problems(text), [])

    def test_another_reason_fails(self):
        self.assertIn("no diagnostic matches", self.problems("// expect: g takes nothing" + MISTAKE)[0])

    def test_the_quoted_source_is_no_diagnostic(self):
        self.assertIn("no diagnostic matches", self.problems("// expect: template <class T>" + MISTAKE)[0])

    def test_a_file_that_compiles_fails(self):
        self.assertEqual(self.problems("// expect: anything\nint i;\n"), ["it compiles"])

    def test_a_broken_control_fails(self):
        self.assertIn("the control", self.problems("// expect: unknown\nunknown u;\n")[0])

    def test_a_file_without_expectations_fails(self):
        self.assertIn("no `// expect", self.problems(MISTAKE)[0])


if __name__ == "__main__":
    unittest.main()
