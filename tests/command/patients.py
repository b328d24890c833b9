# SPDX-License-Identifier: Apache-2.0
"""What the tests of the command have in common: the command, the programs that it looks at, and what is true of one of them."""
import os
import subprocess
import sys

WEFT, PATIENT = (os.path.abspath(path) for path in sys.argv[1:3])


def weft(*arguments, status=0, by=(WEFT,)):
    done = subprocess.run([*by, *map(str, arguments)], capture_output=True, text=True, timeout=60)
    assert done.returncode == status, f"weft {arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout if status == 0 else done.stderr


class Program:
    """Runs until the test is over; ready once it says `word`."""

    def __init__(self, test, command, word, **how):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **how)
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
