#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weft ps --core` and the like: cores that the kernel writes and that gcore writes, of all kinds of programs, and such as
are cut short or damaged.

    core_test.py WEFT PATIENT [STATIC_PATIENT…]
"""
import ctypes
import glob
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from patients import PATIENT, WEFT, Program, TruthOfThePatient, weft

STATIC_PATIENTS = [os.path.abspath(path) for path in sys.argv[3:]]
CORE_PATTERN = open("/proc/sys/kernel/core_pattern").read().strip()


def libraries_below_the_program():
    """Lays out the next program's memory from below, as kernels once did."""
    addr_compat_layout = 0x0200000
    ctypes.CDLL(None).personality(addr_compat_layout)


class OfACore(unittest.TestCase, TruthOfThePatient):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def copy_of(self, program):
        """It runs as one file and is gone by the time of the core, but for another name."""
        return shutil.copy(program, os.path.join(self.folder, "patient"))

    def moved(self, program):
        return os.rename(program, program + ".now") or program + ".now"

    def core_by_the_kernel(self, command, before=None, dump_filter=None):
        """That of a program that is aborted once it is ready."""
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        if hard != resource.RLIM_INFINITY and hard < 1 << 28:
            self.skipTest("ulimit -H -c allows no core files")

        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
            if before:
                before()
        patient = Program(self, command, "ready", cwd=self.folder, preexec_fn=prepare)
        if dump_filter is not None:
            with open(f"/proc/{patient.pid}/coredump_filter", "w") as file:
                file.write(hex(dump_filter))
        since = time.time() - 1
        patient.process.send_signal(signal.SIGABRT)
        self.assertEqual(patient.process.wait(), -signal.SIGABRT)
        return self.collected(patient.pid, since)

    def collected(self, pid, since):
        """By a plain name in the working directory, by a path, or by whom the kernel gives it."""
        if CORE_PATTERN.startswith("|"):
            if "systemd-coredump" not in CORE_PATTERN or not shutil.which("coredumpctl"):
                self.skipTest("kernel.core_pattern gives core files to a program that keeps them: " + CORE_PATTERN)
            core = os.path.join(self.folder, "core")
            for _ in range(50):
                if subprocess.run(["coredumpctl", "dump", str(pid), "--output", core], capture_output=True).returncode == 0:
                    return core
                time.sleep(0.1)
            self.skipTest("systemd-coredump has kept no core file: see coredump.conf(5)")
        name = re.sub(r"%.", "*", CORE_PATTERN.replace("%%", "%")) + "*"  # and .PID, by kernel.core_uses_pid
        found = [core for core in glob.glob(os.path.join(self.folder, name)) if os.path.getmtime(core) >= since]
        self.assertEqual(len(found), 1, "cores called " + name)
        if os.path.dirname(found[0]) != self.folder:
            self.addCleanup(os.unlink, found[0])
        return found[0]

    def check_core(self, core, program):
        self.check(json.loads(weft("ps", "--json", "--core", core, program)), is_alive=False)

    def test_one_that_the_kernel_wrote_shows_the_same_as_the_process_did(self):
        core = self.core_by_the_kernel([PATIENT])
        self.check_core(core, PATIENT)
        self.assertIn("takes_both", weft("stack", "--core", core, PATIENT, "left"))

    def test_what_the_kernel_left_out_is_read_in_the_program_wherever_that_is_now(self):
        program = self.copy_of(PATIENT)
        private_memory_alone = 0x1  # not even the first page of each file
        core = self.core_by_the_kernel([program], dump_filter=private_memory_alone)
        self.check_core(core, self.moved(program))

    def test_one_without_the_memory_of_the_program_is_refused(self):
        core = self.core_by_the_kernel([PATIENT], dump_filter=0x10)
        self.assertIn("coredump_filter", weft("ps", "--core", core, PATIENT, status=1))

    def test_the_program_is_found_above_its_libraries(self):
        program = self.copy_of(PATIENT)
        core = self.core_by_the_kernel([program], before=libraries_below_the_program)
        self.check_core(core, self.moved(program))

    def test_the_program_is_found_above_a_file_that_it_has_mapped(self):
        for original in [PATIENT, *STATIC_PATIENTS]:
            with self.subTest(original):
                program = self.copy_of(original)
                core = self.core_by_the_kernel([program, "--map-low", __file__])
                self.check_core(core, self.moved(program))
                os.unlink(core)

    def test_another_program_is_refused(self):
        core = self.core_by_the_kernel([PATIENT])
        self.assertRegex(weft("ps", "--core", core, WEFT, status=1),
                         "it is not the program that left this core file, which was .*patient")

    def test_a_statically_linked_and_stripped_program_leaves_one_as_good(self):
        if not STATIC_PATIENTS:
            self.skipTest("nothing can be linked statically here")
        for original in STATIC_PATIENTS:
            with self.subTest(original):
                program = self.copy_of(original)
                subprocess.run(["strip", "--strip-all", program], check=True)
                core = self.core_by_the_kernel([program])
                self.check_core(core, program)
                os.unlink(core)

    def test_one_that_was_cut_short_says_so(self):
        core = self.core_by_the_kernel([PATIENT])
        size = os.path.getsize(core)
        for part in reversed(range(1, 16)):
            os.truncate(core, size * part // 16)
            self.assertIn("cut short", self.outcome(core))
        os.truncate(core, 100)
        self.outcome(core)

    def test_one_that_was_damaged_is_read_or_refused(self):
        core = self.core_by_the_kernel([PATIENT])
        with open(core, "rb") as file:
            start = file.read(1 << 16)
        for seed in range(40):
            chance = random.Random(seed)
            damaged = bytearray(start)
            for _ in range(chance.choice([1, 8, 64])):
                # The headers, where a byte more or less matters most, or also the notes
                at = chance.randrange(chance.choice([64, 1 << 12, len(damaged)]))
                damaged[at] = chance.choice([0, 0xff, damaged[at] ^ 1 << chance.randrange(8)])
            with open(core, "r+b") as file:
                file.write(damaged)
            with self.subTest(seed):
                self.outcome(core)

    def outcome(self, core):
        """What is said of a core that is not whole; anything but a crash will do."""
        done = subprocess.run([WEFT, "ps", "--core", core, PATIENT], capture_output=True, text=True, timeout=60)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        return done.stdout + done.stderr

@unittest.skipUnless(shutil.which("gcore"), "gcore, of gdb, is not installed")
class OfACoreByGdb(unittest.TestCase, TruthOfThePatient):
    def test_a_core_file_shows_the_same(self):
        patient = Program(self, [PATIENT], "ready")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["gcore", "-o", os.path.join(folder, "core"), str(patient.pid)], check=True, capture_output=True)
            patient.end()
            core = os.path.join(folder, f"core.{patient.pid}")
            self.check(json.loads(weft("ps", "--json", "--core", core, PATIENT)), is_alive=False)
            self.assertIn("deadlock", weft("ps", "--core", core, PATIENT))
            self.assertIn("gatherer", weft("pstree", "--core", core, PATIENT))
            self.assertIn("takes_both", weft("stack", "--core", core, PATIENT, "left"))
            self.assertRegex(weft("stack", "--core", core, PATIENT, "left", "--locals"), r" one = \{holding_ = 0x")

    def test_what_is_no_core_file_is_refused(self):
        self.assertIn("it is no core file", weft("ps", "--core", PATIENT, PATIENT, status=1))
        self.assertIn("No such file", weft("ps", "--core", "/nonexistent", PATIENT, status=1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
