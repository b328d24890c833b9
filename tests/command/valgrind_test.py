#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Under valgrind's memcheck: the command that looks at a program, and at its core; and programs, on epoll, for under valgrind 3.19,
of Debian 12, a loop on io_uring does not get ready.

    valgrind_test.py WEFT PATIENT PROGRAM...
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from patients import PATIENT, WEFT, Program, TruthOfThePatient, weft

PROGRAMS = sys.argv[3:]
MEMCHECK = ["valgrind", "--quiet", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--error-exitcode=99"]


@unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
class UnderValgrind(unittest.TestCase, TruthOfThePatient):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def memcheck(self, program):
        """Without debug information: valgrind 3.19, of Debian 12, gives up on what clang 19 writes."""
        stripped = os.path.join(self.folder, os.path.basename(program))
        subprocess.run(["strip", "--strip-debug", "-o", stripped, program], check=True)
        return [*MEMCHECK, stripped]

    def test_the_reader_of_processes_is_clean(self):
        patient = Program(self, [PATIENT], "ready")
        self.check(json.loads(weft("ps", "--json", patient.pid, by=self.memcheck(WEFT))), is_alive=True)

    @unittest.skipUnless(shutil.which("gcore"), "gcore, of gdb, is not installed")
    def test_the_reader_of_cores_is_clean(self):
        patient = Program(self, [PATIENT], "ready")
        core = os.path.join(self.folder, "core")
        subprocess.run(["gcore", "-o", core, str(patient.pid)], check=True, capture_output=True)
        core += f".{patient.pid}"
        self.check(json.loads(weft("ps", "--json", "--core", core, PATIENT, by=self.memcheck(WEFT))), is_alive=False)

    def test_programs_are_clean(self):
        for program in PROGRAMS:
            with self.subTest(program):
                done = subprocess.run(self.memcheck(program), capture_output=True, text=True,
                                      env={**os.environ, "WEFT_BACKEND": "epoll"})
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
