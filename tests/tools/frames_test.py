#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weft frames` beside programs of which everything is known.

    frames_test.py WEFT FOLDER OBJECT      the command, the folder of the frames_program*, an object file
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

WEFT, FOLDER, OBJECT = sys.argv[1:4]
SOURCE = pathlib.Path(__file__).with_name("known_coroutines.cpp").read_text(encoding="utf-8").splitlines()


def program(variant=""):
    return os.path.join(FOLDER, "frames_program" + variant)


def frames(*arguments):
    done = subprocess.run([WEFT, "frames", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refusal(*arguments):
    done = subprocess.run([WEFT, "frames", *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1, done.stdout
    return done.stderr


def described(variant="", *arguments):
    return json.loads(frames(program(variant), "--json", *arguments))["functions"]


def function(name, variant=""):
    found = [each for each in described(variant) if each["name"] == name]
    assert len(found) == 1, f"{name} is there {len(found)} times"
    return found[0]


def lines_between(begin, end, part):
    """The numbers of the lines of the source that hold `part`, from the line that begins with `begin` to that with `end`."""
    first = next(i for i, line in enumerate(SOURCE) if line.startswith(begin))
    last = next(i for i, line in enumerate(SOURCE) if i > first and line.startswith(end))
    return [i + 1 for i in range(first, last) if part in SOURCE[i]]


class Frames(unittest.TestCase):
    def test_all_coroutines_are_there_the_largest_first(self):
        sizes = {each["name"]: each["size"] for each in described()}
        self.assertEqual(set(sizes), {"known::serve", "known::hold_values", "known::take_turns"})
        self.assertEqual(list(sizes.values()), sorted(sizes.values(), reverse=True))
        self.assertEqual(list(sizes)[0], "known::serve")
        self.assertGreater(sizes["known::serve"], 4096)
        self.assertLess(sizes["known::serve"], 4096 + 512)

    def test_a_frame_has_what_lives_across_a_suspension(self):
        serve = function("known::serve")
        members = {each["name"]: each for each in serve["members"] if each["name"]}
        self.assertEqual(members["buffer"]["size"], 4096)
        self.assertEqual(members["buffer"]["type"], "char[4096]")
        self.assertEqual(members["buffer"]["kind"], "variable")
        self.assertEqual(members["user"]["type"], "std::string")
        self.assertEqual(members["user"]["kind"], "parameter")
        self.assertEqual(members["greeting"]["type"], "std::string_view")
        self.assertIn("promise", {each["kind"] for each in serve["members"]})
        end = 0
        for each in serve["members"]:
            self.assertGreaterEqual(each["offset"], end, each)
            end = each["offset"] + each["size"]
        self.assertLessEqual(end, serve["size"])

    def test_a_suspend_point_has_its_line_and_what_is_live(self):
        points = function("known::serve")["suspend_points"]
        self.assertEqual([each["number"] for each in points], [0, 1, 2, 3, 4])
        self.assertEqual([each["kind"] for each in points], ["initial", "await", "await", "await", "final"])
        self.assertEqual([each["line"] for each in points[1:4]], lines_between("task serve", "}", "co_await"))
        self.assertTrue(points[1]["file"].endswith("known_coroutines.cpp"))
        parameters = {"port", "user", "greeting"}
        self.assertEqual(set(points[0]["live"]), parameters)
        self.assertEqual(set(points[1]["live"]), parameters | {"buffer", "requests", "i"})
        self.assertEqual(set(points[2]["live"]), parameters | {"buffer", "requests", "answers"})
        self.assertEqual(set(points[3]["live"]), parameters | {"buffer", "requests"})

    def test_optimised_the_sizes_and_the_lines_are_still_known(self):
        serve = function("known::serve", "_optimised")
        self.assertGreater(serve["size"], 4096)
        self.assertLess(serve["size"], 4096 + 512)
        lines = [each["line"] for each in serve["suspend_points"] if each["kind"] == "await"]
        if not serve["layout_known"]:
            self.assertEqual(serve["compiler"], "Clang")
            self.assertIn("assignment-tracking", serve["notes"][0])
        self.assertEqual(lines, lines_between("task serve", "}", "co_await"))

    def test_people_get_a_table(self):
        lines = frames(program()).splitlines()
        self.assertRegex(lines[0], "SIZE +FUNCTION +DEFINED AT")
        self.assertRegex(lines[1], r"^ *4\d\d\d +known::serve .*known_coroutines\.cpp:\d+ +buffer 4096, ")

    def test_people_get_one_in_full(self):
        text = frames(program(), "--function", "serve")
        self.assertRegex(text, r"known::serve: 4\d\d\d bytes, .*known_coroutines\.cpp:\d+\n")
        self.assertRegex(text, r" 4096 +buffer +char\[4096\]\n")
        self.assertRegex(text, r" 2  await .*known_coroutines\.cpp:\d+ +.*answers")
        self.assertNotIn("take_turns", text)
        self.assertNotIn("\033", text)

    def test_what_has_no_debug_information_says_why(self):
        self.assertIn("built without -g", refusal(program("_without_debug_info")))
        self.assertIn("No such file", refusal("/there/is/no/such"))
        self.assertIn("not an ELF file", refusal(__file__))
        self.assertIn("object file", refusal(OBJECT))
        self.assertIn("of that name", refusal(program(), "--function", "nothing_like_it"))

    @unittest.skipUnless(shutil.which("objcopy") and shutil.which("strip"), "needs binutils")
    def test_a_stripped_one_is_read_by_its_separate_file(self):
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "program")
            subprocess.run(["strip", "-o", copy, program()], check=True)
            self.assertIn("stripped", refusal(copy))
            subprocess.run(["objcopy", "--only-keep-debug", program(), copy + ".debug"], check=True)
            subprocess.run(["objcopy", "--add-gnu-debuglink=program.debug", "program"], check=True, cwd=folder)
            found = json.loads(frames(copy, "--json"))["functions"]
            self.assertEqual([each["name"] for each in found], [each["name"] for each in described()])
            self.assertEqual(found[0]["suspend_points"], described()[0]["suspend_points"])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
