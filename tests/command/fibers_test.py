#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The functions on the stacks of fibers, as `weft` shows them of a process and of a core file.

    fibers_test.py WEFT FIBERS
"""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
import unittest

from patients import PATIENT, Program, tasks_of, weft


def named(snapshot):
    return {task["name"]: task for task in tasks_of(snapshot)}


def own(task):
    """Without weft's own coroutines."""
    return [f["function"].rsplit("::", 1)[-1] for f in task["stack"] if not f["function"].startswith("weft::")]


class TruthOfFibers:
    """What must be seen of them, however they are looked at."""

    def check(self, *who, debug_information=True):
        tasks = named(json.loads(weft("ps", "--json", *who)))
        parser = tasks["parser"]
        # reads_a_token is inlined: debug information and the fiber's own place know of it, symbols do not.
        self.assertEqual([f for f in own(parser) if "operator()" not in f][-5:],
                         ["serves", "parses", "parses", "parses", "reads_a_token"])
        self.assertEqual(parser["wait"]["kind"], "event")
        self.assertEqual(own(tasks["awaiting"])[-2:], ["awaits_a_task", "sleeps"])
        self.assertEqual(tasks["awaiting"]["wait"]["kind"], "sleep")
        # On two stacks: the generator's, and that of who has asked it.
        self.assertEqual([f for f in own(tasks["asking"]) if f in ("asks", "generates")][-2:], ["asks", "generates"])
        if debug_information:
            for task in (parser, tasks["awaiting"]):
                for frame in task["stack"]:
                    if not frame["function"].startswith("weft::"):
                        self.assertRegex(frame["file"], r"fibers\.cpp$")
                        self.assertGreater(frame["line"], 0)
            lines = [f["line"] for f in parser["stack"] if f["function"].endswith("parses")]
            self.assertEqual((lines[0], len(set(lines))), (lines[1], 2))
        return tasks


class OfAProcess(unittest.TestCase, TruthOfFibers):
    def test_functions_stand_in_the_stack_of_a_fiber(self):
        program = Program(self, [PATIENT], "ready")
        tasks = self.check(program.pid)
        if "client" in tasks:
            descriptor = re.search(r"\d+", program.line)[0]
            client = tasks["client"]
            self.assertEqual((client["wait"]["kind"], client["wait"]["of"]), ("recv", f"fd {descriptor}"))
            self.assertEqual(own(client)[-1], "receives")

    def test_the_tables_and_trees_show_them(self):
        program = Program(self, [PATIENT], "ready")
        ps = weft("ps", program.pid)
        self.assertRegex(ps, r"(?m) parser +waiting .* event +\S*fibers\.cpp:\d+ .*reads_a_token\n.*fibers\.cpp:\d+ .*parses$")
        self.assertRegex(ps, r" ×50 +waiting")
        tree = weft("pstree", program.pid)
        self.assertRegex(tree, r"parser waiting: event.*\n(.*(fiber_as_task|operator\(\)|main_task).*\n)+.* serves .*fibers\.cpp:\d+\n"
                               r"(.* parses .*fibers\.cpp:\d+\n){3}.* reads_a_token .*fibers\.cpp:\d+\n")
        stack = weft("stack", program.pid, "parser", "--locals")
        self.assertRegex(stack, r"in \S*serves\n(  File .*, in \S*parses\n){3}  File .*, in \S*reads_a_token\n")
        top = weft("top", program.pid, "--count", 1)
        self.assertRegex(top, r"(?m)parser .* event +\S*fibers\.cpp:\d+")
        if "client" in top:
            self.assertRegex(top, r"(?m)client .* recv fd \d+ +\S*fibers\.cpp:\d+")

    def test_it_goes_on_meanwhile(self):
        program = Program(self, [PATIENT], "ready")
        with open(f"/proc/{program.pid}/status") as status:
            before = re.search(r"(?m)^nonvoluntary_ctxt_switches.*|^TracerPid:\s*(\d+)", status.read())
        self.assertIn("TracerPid", before[0])
        self.assertEqual(before[1], "0")
        first = named(json.loads(weft("ps", "--json", program.pid)))["parser"]["stack"]
        self.assertEqual(first, named(json.loads(weft("ps", "--json", program.pid)))["parser"]["stack"])

    @unittest.skipUnless(shutil.which("strip"), "strip is not installed")
    def test_a_stripped_program_shows_addresses(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = os.path.join(folder, "stripped")
            subprocess.run(["strip", "-o", stripped, PATIENT], check=True)
            program = Program(self, [stripped], "ready")
            stack = named(json.loads(weft("ps", "--json", program.pid)))["parser"]["stack"]
            self.assertEqual(stack[-1]["function"].rsplit("::", 1)[-1], "reads_a_token")
            self.assertGreater(len([f for f in stack if re.match(r"stripped\+0x[0-9a-f]+$", f["function"])]), 3)


class OfACoreFile(unittest.TestCase, TruthOfFibers):
    # The kernel's: gcore gives up a stack as a whole where the guard below it lies in the page tables (Linux 6.13).
    def test_functions_stand_in_the_stack_of_a_fiber(self):
        with open("/proc/sys/kernel/core_pattern") as pattern:
            if re.search(r"[|/]", pattern.read()):
                self.skipTest("kernel.core_pattern puts core files elsewhere")
        _, hard = resource.getrlimit(resource.RLIMIT_CORE)
        if hard != resource.RLIM_INFINITY and hard < 1 << 28:
            self.skipTest("ulimit -H -c allows no core files")
        with tempfile.TemporaryDirectory() as folder:
            program = Program(self, [PATIENT], "ready", cwd=folder,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)))
            program.process.send_signal(signal.SIGABRT)
            program.process.wait()
            core, = os.listdir(folder)
            self.check("--core", os.path.join(folder, core), PATIENT)


if __name__ == "__main__":
    unittest.main(argv=["fibers_test.py"])
