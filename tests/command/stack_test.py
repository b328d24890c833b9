#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who resumed a task, by `weft stack --locals`, of a program with a flight recorder and of one without.

    stack_test.py WEFT RECORDED PATIENT
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

WEFT, RECORDED, PATIENT = (os.path.abspath(path) for path in sys.argv[1:4])


def weft(*arguments):
    done = subprocess.run([WEFT, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"weft {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def start(test, program):
    """A program that runs until the test is over, and has said that it is ready."""
    process = subprocess.Popen([program], stdout=subprocess.PIPE, text=True)

    def end():
        process.kill()
        process.wait()
        process.stdout.close()
    test.addCleanup(end)
    assert process.stdout.readline() == "ready\n"
    return process.pid


class TruthOfTheRecorded:
    """What must be said of it, however it is looked at."""

    def check(self, *who):
        def stack(task):
            return json.loads(weft("stack", *who, task, "--locals", "--json"))
        woken = {name: stack(name)["resumed"].get("woken") for name in ("hears", "hears nothing", "was early", "asks a thread")}
        main = next(task["id"] for loop in json.loads(weft("ps", "--json", *who))["loops"] for task in loop["tasks"]
                    if task["stack"] and task["stack"][0]["function"].endswith("main_task"))
        self.assertEqual((woken["hears"]["by"], woken["hears"]["task"], woken["hears"]["wait"]), ("task", main, "event"))
        self.assertEqual((woken["was early"]["by"], woken["was early"]["wait"]), ("loop", "sleep"))
        self.assertEqual(woken["asks a thread"]["by"], "another thread")
        self.assertIsNone(woken["hears nothing"])
        self.assertNotIn("resumed", stack("not begun"))
        for task in ("hears", "was early", "asks a thread"):
            self.assertGreater(woken[task]["ago_ns"], 0)

        of_hears = weft("stack", *who, "hears", "--locals")
        self.assertRegex(of_hears, rf"(?m)^resumed by the loop of thread \d+, .* ago; woken by #{main} .* ago, out of its wait: event$")
        self.assertRegex(of_hears, r"in .*hears\n +entered by the loop\n( +suspend point 2, await\n)?")
        self.assertRegex(of_hears, r"in .*sleeps_for_ever\n +entered by .*hears, which awaits it\n( +suspend point 1, await\n)?")
        self.assertRegex(weft("stack", *who, "was early", "--locals"), "; woken by the loop, .* ago, out of its wait: sleep\n")
        self.assertRegex(weft("stack", *who, "asks a thread", "--locals"), "; woken by another thread, .* ago")
        self.assertRegex(weft("stack", *who, "hears nothing", "--locals"),
                         "resumed by the loop of .*; who woke it the flight recorder has not, or not any more\n")
        not_begun = weft("stack", *who, "not begun", "--locals")
        self.assertRegex(not_begun, r"\n(not resumed yet|to be resumed by the loop of thread \d+)\n")  # by what is known of frames
        self.assertEqual("entered by" in not_begun, "not resumed yet" not in not_begun)

    def check_generator(self, *who):
        frames = json.loads(weft("stack", *who, "iterates", "--locals", "--json"))["frames"]
        self.assertEqual(frames[0]["entered"], {"by": "loop"})
        for outer, inner in zip(frames, frames[1:]):
            self.assertEqual(inner["entered"], {"by": "coroutine", "function": outer["at"]["function"], "frame": outer["frame"]})
        self.assertEqual([f["at"]["function"].rsplit("::", 1)[-1] for f in frames], ["iterates", "counts", "sleeps_for_ever"])


class OfAProcess(unittest.TestCase, TruthOfTheRecorded):
    def test_says_who_woke_a_task_and_who_entered_a_coroutine(self):
        pid = start(self, RECORDED)
        self.check(pid)
        self.check_generator(pid)

    def test_without_a_flight_recorder_it_says_that_it_does_not_know(self):
        pid = start(self, PATIENT)
        left = weft("stack", pid, "left", "--locals")
        self.assertRegex(left, rf"(?m)^resumed by the loop of thread {pid}, .* ago; who woke it is not known: no flight recorder runs$")
        self.assertNotIn("woken", json.loads(weft("stack", pid, "left", "--locals", "--json"))["resumed"])


@unittest.skipUnless(shutil.which("gcore"), "gcore, of gdb, is not installed")
class OfACore(unittest.TestCase, TruthOfTheRecorded):
    def test_a_core_file_says_the_same(self):
        pid = start(self, RECORDED)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["gcore", "-o", os.path.join(folder, "core"), str(pid)], check=True, capture_output=True)
            core = os.path.join(folder, f"core.{pid}")
            self.check("--core", core, RECORDED)
            self.check_generator("--core", core, RECORDED)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
