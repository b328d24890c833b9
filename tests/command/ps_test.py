#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weft ps`, `pstree`, `top` and `stack` beside programs of which everything is known: one in which all is wrong, also
statically linked and stripped, and mini_redis with a thousand connections.

    ps_test.py WEFT PATIENT MINI_REDIS [STATIC_PATIENT…]
"""
import json
import os
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from patients import PATIENT, WEFT, Program, TruthOfThePatient, functions, tasks_of, weft

MINI_REDIS = os.path.abspath(sys.argv[3])
STATIC_PATIENTS = [os.path.abspath(path) for path in sys.argv[4:]]


class OfAProcess(unittest.TestCase, TruthOfThePatient):
    def test_ps_shows_what_is_wrong_first_and_folds_what_is_alike(self):
        patient = Program(self, [PATIENT], "ready")
        self.check(json.loads(weft("ps", "--json", patient.pid)), is_alive=True)
        lines = weft("ps", patient.pid).splitlines()
        self.assertEqual([line.split(":")[0] for line in lines[:3]], ["! loop blocked", "! deadlock", "! lock held long"])
        self.assertTrue(any(re.search(r"×10\d .*waiting .*sleep, first in .* patient.cpp:\d+ sleeps|×10\d\s+waiting", line)
                            for line in lines), "\n".join(lines))
        self.assertNotIn("\033", "\n".join(lines))
        self.assertGreater(len(weft("ps", "--all", patient.pid).splitlines()), 105)

    def test_pstree_puts_the_awaited_below_who_awaits_them(self):
        patient = Program(self, [PATIENT], "ready")
        text = weft("pstree", patient.pid)
        self.assertRegex(text, r"gatherer waiting: gather of 3[^\n]*\n(.*\n)*?[ │]+└─ .*(\n.*)*?ticks")
        snapshot = json.loads(weft("pstree", "--json", patient.pid))
        self.assertEqual([snapshot["pid"], len(snapshot["loops"])], [patient.pid, 2])
        roots = [node for loop in snapshot["loops"] for node in loop["roots"]]
        main = next(node for node in roots if functions(node["task"]) == ["main_task"])
        gatherer = next(node for node in main["below"] if node["task"]["name"] == "gatherer")
        self.assertEqual([node["awaited"] for node in gatherer["below"]], [True] * 3)

    def test_pstree_warns_in_json_of_what_ps_warns_of(self):
        patient = Program(self, [PATIENT], "ready")
        of_ps, of_pstree = (json.loads(weft(command, "--json", patient.pid))["warnings"] for command in ("ps", "pstree"))
        self.assertEqual([w["kind"] for w in of_pstree], ["loop blocked", "deadlock", "lock held long"])
        self.assertEqual([(w["kind"], w["tasks"]) for w in of_pstree], [(w["kind"], w["tasks"]) for w in of_ps])
        self.assertRegex(of_pstree[1]["text"], r"left waits .*patient\.cpp:\d+")

    def test_stack_shows_one_task_by_id_and_by_name(self):
        patient = Program(self, [PATIENT], "ready")
        self.assertRegex(weft("stack", patient.pid, "left"),
                         r"left, (waiting|blocked): lock held by #\d+(.|\n)*patient.cpp\", line \d+, in .*takes_both")
        self.assertIn("there is no task nobody", weft("stack", patient.pid, "nobody", status=1))

    def test_stack_shows_what_is_in_the_frames(self):
        patient = Program(self, [PATIENT], "ready")
        self.assertRegex(weft("stack", patient.pid, "left", "--locals"),
                         r"suspend point \d+, await\n(.|\n)* one = \{holding_ = 0x[0-9a-f]+\}")
        frames = json.loads(weft("stack", patient.pid, "holder", "--locals", "--json"))["frames"]
        self.assertEqual([local["name"] for local in frames[0]["locals"]], ["l", "held"])

    def test_top_names_the_busy_one_first(self):
        patient = Program(self, [PATIENT], "ready")
        lines = weft("top", patient.pid, "--times", "1", "--interval", "0.5").splitlines()
        self.assertRegex(lines[0], r"process \d+: 110 tasks, [1-9][\d.]* % of a core in them")
        first = next(i for i, line in enumerate(lines) if line.startswith("ID ")) + 1
        self.assertRegex(lines[first], r"[1-9][\d.]* %  running .*patient\.cpp")

    def test_top_writes_a_json_object_for_each_look_with_the_cpu_of_that_time(self):
        patient = Program(self, [PATIENT], "ready")
        for option in ("--count", "-n", "--times"):
            lines = weft("top", patient.pid, "--json", option, 2, "--interval", "0.5").splitlines()
            self.assertEqual(len(lines), 2)
        began = time.monotonic()
        lines = weft("top", patient.pid, "--json", "--count", 3, "--interval", "0.5").splitlines()
        looks = [json.loads(line) for line in lines]
        all_time = (time.monotonic() - began) * 1e9
        self.assertEqual(len(looks), 3)
        self.assertTrue(all(look["interval_ns"] >= 0.5e9 for look in looks))
        self.assertLess(sum(look["interval_ns"] for look in looks), all_time)
        for look in looks:
            self.assertIn("deadlock", [w["kind"] for w in look["warnings"]])
            self.assertEqual(len(tasks_of(look)), 110)
            for task in tasks_of(look):
                of_a_core = 100 * task["cpu_interval_ns"] / look["interval_ns"]
                self.assertAlmostEqual(task["cpu_percent"], of_a_core, delta=0.051)
                self.assertLess(of_a_core, 110)
            busiest = max(tasks_of(look), key=lambda task: task["cpu_interval_ns"])
            self.assertEqual((busiest["state"], functions(busiest)), ("running", ["spins"]))
            self.assertGreater(busiest["cpu_interval_ns"], 0)
        self.assertLess(looks[-1]["interval_ns"], all_time / 2)  # that look's time, not all of it

    def test_top_says_in_its_help_how_it_writes_json(self):
        self.assertRegex(" ".join(weft("top", "--help").split()), "--count.*one JSON object on a line of its own")

    def stripped(self, program):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        stripped = os.path.join(folder.name, "patient")
        shutil.copy(program, stripped)
        subprocess.run(["strip", "--strip-all", stripped], check=True)
        return stripped

    def test_a_stripped_program_still_says_where(self):
        patient = Program(self, [self.stripped(PATIENT)], "ready")
        self.check(json.loads(weft("ps", "--json", patient.pid)), is_alive=True)

    def test_a_statically_linked_and_stripped_program_says_it_too(self):
        if not STATIC_PATIENTS:
            self.skipTest("nothing can be linked statically here")
        for program in STATIC_PATIENTS:
            with self.subTest(program):
                self.assertNotIn("INTERP", subprocess.check_output(["readelf", "-lW", program], text=True))
                patient = Program(self, [self.stripped(program)], "ready")
                self.check(json.loads(weft("ps", "--json", patient.pid)), is_alive=True)

    def test_a_hundred_thousand_tasks_take_no_more_than_a_few_seconds(self):
        patient = Program(self, [PATIENT, "--sleepers", "100000"], "ready")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        text = weft("ps", patient.pid)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertRegex(text, r"×100002 +waiting")
        # Of CPU, whatever else the machine does; an optimized build takes less than 1 s: docs/performance.md
        self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 10)

    def test_who_cannot_be_looked_at_is_told_why(self):
        self.assertIn("No such process", weft("ps", 2**22 + 1, status=1))
        self.assertIn("is no process id", weft("ps", "nonsense", status=1))
        self.assertIn("there is no weft in it", weft("ps", os.getpid(), status=1))

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to become somebody else")
    def test_who_is_not_allowed_to_look_is_told_whom_to_ask(self):
        patient = Program(self, [PATIENT], "ready")
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            command = shutil.copy(WEFT, folder)
            done = subprocess.run([command, "ps", str(patient.pid)], user=65534, group=65534, extra_groups=[],
                                  capture_output=True, text=True, timeout=60, cwd="/")
            self.assertEqual(done.returncode, 1, done.stdout)
            self.assertIn("another user (uid 0): run this as that user, or run this as root", done.stderr)


class OfAThousandConnections(unittest.TestCase):
    def test_each_is_a_task_that_reads_from_its_peer(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
        redis = Program(self, [MINI_REDIS, "--port", "0"], "")
        port = int(re.search(r":(\d+)", redis.line)[1])
        clients = []
        for _ in range(1000):
            client = socket.create_connection(("127.0.0.1", port))
            clients.append(client)
            self.addCleanup(client.close)
        for client in clients:
            client.sendall(b"PING\r\n")
        for client in clients:
            self.assertEqual(client.recv(7), b"+PONG\r\n")
        for _ in range(100):
            snapshot = json.loads(weft("ps", "--json", redis.pid))
            readers = [t for t in tasks_of(snapshot) if t.get("wait", {}).get("kind") == "stream read"]
            if len(readers) == 1000:
                break
            time.sleep(0.05)
        mine = {"%s:%d" % client.getsockname() for client in clients}
        self.assertEqual({t["wait"]["of"] for t in readers}, mine)
        self.assertEqual(snapshot["warnings"], [])
        self.assertRegex(weft("ps", redis.pid), r"×1000\s+waiting\s+.*tcp read\s+\S+\.[ch]pp:\d+")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
