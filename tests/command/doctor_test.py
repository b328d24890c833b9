#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What `weft doctor` says, with limits and prohibitions that are made here.

    doctor_test.py PATH/TO/weft
"""
import ctypes
import errno
import json
import os
import pty
import resource
import struct
import subprocess
import sys
import unittest

WEFT = sys.argv.pop(1)
IO_URING_SETUP = 425  # on x86-64 and aarch64 alike


def forbid_io_uring():
    """From here on io_uring_setup(2) fails with EPERM, as under a container's seccomp profile."""
    libc = ctypes.CDLL(None, use_errno=True)
    rules = struct.pack("HBBI" * 4, 0x20, 0, 0, 0, 0x15, 0, 1, IO_URING_SETUP,
                        0x06, 0, 0, 0x00050000 | errno.EPERM, 0x06, 0, 0, 0x7fff0000)
    held = ctypes.create_string_buffer(rules, len(rules))
    program = struct.pack("HxxxxxxP", 4, ctypes.addressof(held))
    if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, ctypes.c_char_p(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl")


def doctor(*options, backend=None, before=None, status=0):
    environment = {k: v for k, v in os.environ.items() if k != "WEFT_BACKEND"}
    if backend is not None:
        environment["WEFT_BACKEND"] = backend
    ended = subprocess.run([WEFT, "doctor", *options], env=environment, preexec_fn=before, capture_output=True, text=True)
    assert ended.returncode == status, (ended.returncode, ended.stdout, ended.stderr)
    return ended.stdout


def report(**conditions):
    return json.loads(doctor("--json", **conditions))


def problems(found, name):
    return [p for p in found["problems"] if p["name"] == name]


WITH_IO_URING = report()["weft"]["with io_uring"]


class Doctor(unittest.TestCase):
    def test_tells_how_weft_was_built_and_what_the_kernel_is(self):
        found = report()
        self.assertRegex(found["weft"]["version"], r"^\d+\.\d+\.\d+$")
        self.assertRegex(found["weft"]["compiler"], r"^(Clang|GCC) \d+")
        self.assertIs(type(found["weft"]["with TLS"]), bool)
        self.assertEqual(found["kernel"]["release"], f"{os.uname().sysname} {os.uname().release}")

    def test_text_says_the_same_in_columns(self):
        found, lines = report(), doctor().splitlines()
        for section in found.keys() - {"problems"}:
            self.assertIn(section, lines)
            for name in found[section]:
                line = next(line for line in lines if line[2:].startswith(name + " "))
                self.assertIn(line[:2], ("  ", "! "))
                self.assertNotEqual(line[24], " ", line)
                self.assertEqual(line[23], " ", line)
        self.assertEqual(sum(line.startswith("! ") for line in lines), len(found["problems"]))
        self.assertEqual(sum("-> " in line for line in lines), len(found["problems"]))
        self.assertLessEqual(max(map(len, lines)), 100)

    def test_each_problem_has_a_remedy(self):
        for problem in report(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)))["problems"]:
            self.assertTrue(problem["problem"] and problem["remedy"], problem)

    def test_the_environment_decides_the_backend(self):
        found = report(backend="epoll")
        self.assertEqual(found["backend"], {"WEFT_BACKEND": "epoll", "chosen": "epoll",
                                            "because": "WEFT_BACKEND asks for it"})

    def test_a_backend_that_is_not_there_is_an_error(self):
        found = report(backend="kqueue", status=1)
        self.assertEqual(found["backend"]["chosen"], "none")
        self.assertIn("WEFT_BACKEND=kqueue", found["backend"]["because"])
        self.assertEqual(len(problems(found, "chosen")), 1)

    @unittest.skipUnless(WITH_IO_URING, "built without io_uring")
    def test_what_weft_uses_of_io_uring_is_listed(self):
        found = report()
        if not found["io_uring"]["works"]:
            self.skipTest("no io_uring here")
        self.assertEqual(found["backend"]["chosen"], "io_uring")
        self.assertIs(found["io_uring"]["weft uses"]["ACCEPT"], True)
        self.assertEqual(problems(found, "weft uses"), [])

    @unittest.skipUnless(WITH_IO_URING, "built without io_uring")
    def test_an_io_uring_that_is_forbidden_is_a_problem_and_epoll_is_chosen(self):
        found = report(before=forbid_io_uring)
        self.assertIs(found["io_uring"]["works"], False)
        self.assertEqual(found["backend"]["chosen"], "epoll")
        self.assertIn("forbidden", found["backend"]["because"])
        problem, = problems(found, "works")
        self.assertIn("Operation not permitted", problem["problem"])
        self.assertRegex(problem["remedy"], "seccomp|io_uring_disabled")
        report(before=forbid_io_uring, backend="io_uring", status=1)

    @unittest.skipIf(WITH_IO_URING, "built with io_uring")
    def test_a_weft_without_io_uring_says_how_to_get_one(self):
        problem, = problems(report(), "works")
        self.assertIn("WEFT_WITH_IO_URING=ON", problem["remedy"])

    def test_few_descriptors_are_a_problem(self):
        found = report(before=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 200)))
        self.assertEqual(found["limits"]["open files"], 100)
        problem, = problems(found, "open files")
        self.assertIn("ulimit -n 200", problem["remedy"])

    def test_no_core_files_are_a_problem(self):
        with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as pattern:
            if pattern.read(1) == "|":
                self.skipTest("core files go to a program")
        found = report(before=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
        self.assertEqual(len(problems(found, "core files")), 1)

    def test_colours_are_for_terminals(self):
        self.assertNotIn("\033", doctor())

        def said_to_terminal(environment):
            ours, theirs = pty.openpty()
            child = subprocess.Popen([WEFT, "doctor"], stdout=theirs, env=os.environ | environment)
            os.close(theirs)
            said = b""
            try:
                while piece := os.read(ours, 65536):
                    said += piece
            except OSError:  # EIO: all is read
                pass
            os.close(ours)
            self.assertEqual(child.wait(), 0)
            return said
        self.assertIn(b"\033[1m", said_to_terminal({"TERM": "xterm"}))
        self.assertNotIn(b"\033", said_to_terminal({"TERM": "xterm", "NO_COLOR": "1"}))


if __name__ == "__main__":
    unittest.main()
