#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weft ps`, `pstree`, `top` and `stack` beside programs of which everything is known: one in which all is wrong, also as
a core file and stripped, and mini_redis with a thousand connections.

    ps_test.py WEFT PATIENT MINI_REDIS
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

WEFT, PATIENT, MINI_REDIS = (os.path.abspath(path) for path in sys.argv[1:4])


def weft(*arguments, status=0):
    done = subprocess.run([WEFT, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"weft {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if status == 0 else done.stderr


class Program:
    """Runs until the test is over; ready once it says `word`."""

    def __init__(self, test, command, word):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        test.addCleanup(self.end)
        self.line = self.process.stdout.readline()
        assert word in self.line, self.line
        self.pid = self.process.pid

    def end(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def tasks_of(snapshot):
    return [task for loop in snapshot["loops"] for task in loop["tasks"]]


def functions(task):
    return [frame["function"].rsplit("::", 1)[-1] for frame in task["stack"]]


class TruthOfThePatient:
    """What must be seen of it, however it is looked at."""

    def check(self, snapshot, is_alive):
        tasks = tasks_of(snapshot)
        named = {task["name"]: task for task in tasks}
        left, right, holder, waiter, gatherer = (named[name] for name in ("left", "right", "holder", "waiter", "gatherer"))
        self.assertEqual([left["state"], right["state"]], ["blocked", "blocked"])
        self.assertEqual(left["wait"]["lock_holder"], right["id"])
        self.assertEqual(right["wait"]["lock_holder"], left["id"])
        deadlocks = [w for w in snapshot["warnings"] if w["kind"] == "deadlock"]
        self.assertEqual(len(deadlocks), 1, snapshot["warnings"])
        self.assertCountEqual(deadlocks[0]["tasks"], [left["task"], right["task"]])
        self.assertIn(f"#{right['id']} right", deadlocks[0]["text"])
        self.assertRegex(deadlocks[0]["text"], r"patient\.cpp:\d+")

        self.assertEqual(waiter["wait"]["lock_holder"], holder["id"])
        self.assertEqual(functions(holder), ["holds"])
        self.assertEqual(holder["wait"]["kind"], "sleep")
        held = [w for w in snapshot["warnings"] if w["kind"] == "lock held long"]
        self.assertTrue(any(holder["task"] in w["tasks"] for w in held), snapshot["warnings"])

        children = [task for task in tasks if task["task"] in gatherer["wait"]["tasks"]]
        self.assertEqual(sorted(functions(child)[0] for child in children), ["iterates", "sleeps", "sleeps"])
        iterates = next(child for child in children if functions(child)[0] == "iterates")
        self.assertEqual(functions(iterates), ["iterates", "ticks"])
        self.assertEqual({child["creator"] for child in children}, {gatherer["id"]})

        main = next(task for task in tasks if functions(task) == ["main_task"])
        sleepers = [t for t in tasks if functions(t) == ["sleeps"] and t.get("creator") == main["id"]]
        self.assertEqual(len(sleepers), 100)
        self.assertTrue(all(3500e9 < t["wait"]["ends_in_ns"] < 3600e9 for t in sleepers))

        running = [t for t in tasks if t["state"] == "running"]
        self.assertEqual([functions(t) for t in running], [["spins"]])
        if is_alive:
            blocked = [w for w in snapshot["warnings"] if w["kind"] == "loop blocked"]
            self.assertEqual([w["tasks"] for w in blocked], [[running[0]["task"]]])


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

    def test_a_stripped_program_still_says_where(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = os.path.join(folder, "patient")
            shutil.copy(PATIENT, stripped)
            subprocess.run(["strip", "--strip-all", stripped], check=True)
            patient = Program(self, [stripped], "ready")
            self.check(json.loads(weft("ps", "--json", patient.pid)), is_alive=True)

    def test_a_hundred_thousand_tasks_take_no_more_than_a_few_seconds(self):
        patient = Program(self, [PATIENT, "--sleepers", "100000"], "ready")
        began = time.monotonic()
        text = weft("ps", patient.pid)
        self.assertRegex(text, r"×100002 +waiting")
        self.assertLess(time.monotonic() - began, 10)  # 1 s by an optimized build on a machine of its own: docs/performance.md

    def test_who_cannot_be_looked_at_is_told_why(self):
        self.assertIn("No such process", weft("ps", 2**22 + 1, status=1))
        self.assertIn("is no process id", weft("ps", "nonsense", status=1))
        self.assertIn("there is no weft in it", weft("ps", os.getpid(), status=1))


@unittest.skipUnless(shutil.which("gcore"), "gcore, of gdb, is not installed")
class OfACore(unittest.TestCase, TruthOfThePatient):
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
