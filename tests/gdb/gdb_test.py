#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What gdb shows of a program in which there is one of each kind, as a process and as a core file.

    gdb_test.py GDB WEFT_GDB_PY SHOWN SHOWN_CPP GUIDE

A block of the page GUIDE that follows `<!-- gdb: weft-tasks -->` is what that command prints.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

GDB, SCRIPT, SHOWN, SOURCE, GUIDE = sys.argv[1:6]
MARK = "-- next --"
LINES = {}
with open(SOURCE, encoding="utf-8") as source:
    for number, text in enumerate(source, 1):
        if marked := re.search(r"// line: (\w+)$", text):
            LINES[marked[1]] = number


def gdb(arguments, commands):
    """What each command printed."""
    call = [GDB, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "set filename-display basename"]
    for command in commands:
        call += ["-ex", f"echo {MARK}\\n", "-ex", command]
    done = subprocess.run([*call, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100)
    return done.stdout.split(f"{MARK}\n")[1:]


MEMBERS = """created suspended finished moved_from
    waiting answered failed left right joining gathering selecting cancelled
    pending done refers broken dropped none
    unbegun yielding delegating iterating closed referring returned ticking""".split()
LOOKS = ["print -pretty -- all.waiting", *[f"print all.{member}" for member in MEMBERS],
         "weft-tasks", "weft-tasks -s left", "weft-tasks -s joining", "weft-tasks -s nobody", "weft-tasks -s parser", "bt 1", "weft-tasks --all"]


class Shown:
    """What is shown in one way, by command."""

    def __init__(self, arguments, before):
        outputs = gdb(arguments, [f"source {SCRIPT}", *before, *LOOKS])
        self.before = "".join(outputs[:1 + len(before)])
        self.by_command = dict(zip(LOOKS, outputs[1 + len(before):]))


def setUpModule():
    global PROCESS, CORE
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(folder.cleanup)
    core = os.path.join(folder.name, "core")
    PROCESS = Shown([SHOWN], ["break app::look", "run", f"generate-core-file {core}"])
    if re.search("Could not trace the inferior|ptrace: Operation not permitted", PROCESS.before):
        raise unittest.SkipTest("gdb may not trace here")
    assert "Breakpoint 1, app::look" in PROCESS.before, PROCESS.before
    CORE = Shown([SHOWN, core], [])


class AProcess(unittest.TestCase):
    def setUp(self):
        self.shown = PROCESS.by_command

    def check(self, member, expected, *children):
        """`@name` is the line of shown.cpp that is marked so."""
        text = expected + (" = {" + ", ".join(children) + "}" if children else "")
        text = re.sub(r"@(\w+)", lambda mark: f"shown.cpp:{LINES[mark[1]]}", text)
        self.assertEqual(re.sub(r"^\$\d+ = ", "", self.shown[f"print all.{member}"].strip()), text)

    def test_a_task_prints_its_function_and_where_it_stands(self):
        self.check("created", "task app::outer, created")
        self.check("suspended", "task app::awaits_steps, suspended at @awaits_steps",
                   "[0] = app::awaits_steps at @awaits_steps", "[1] = app::steps at @steps")
        self.check("finished", "task app::answers, finished")
        self.check("moved_from", "task, moved from or awaited")

    def test_a_task_handle_prints_its_task_what_it_waits_for_and_the_chain_of_awaits(self):
        self.check("waiting", "task #2 reader, waiting for event",
                   "[0] = app::outer at @outer", "[1] = app::innermost at @innermost")
        self.check("left", "task #5 left, waiting for lock held by #6", "[0] = app::takes_both at @takes_both")
        self.check("joining", "task #7 joining, waiting for task #2 reader", "[0] = app::joins at @joins")
        self.check("selecting", "task #9 selecting, waiting for select of event | task #2 reader",
                   "[0] = app::selects at @selects")
        gathering = self.shown["print all.gathering"]
        self.assertIn("task #8 gathering, waiting for gather of #11 Task-11, #12 Task-12", gathering)
        self.assertIn(f"[0] = app::gathers at shown.cpp:{LINES['gathers']}", gathering)

    def test_a_task_handle_prints_what_came_of_its_task(self):
        self.check("answered", "task #3 Task-3, finished", "value = 42")
        self.check("failed", "task #4 Task-4, finished", "exception = std::invalid_argument: no such thing")
        self.check("cancelled", "task #10 Task-10, cancelled")

    def test_a_future_prints_its_value_or_exception(self):
        self.check("pending", "future, pending")
        self.check("done", "future, finished", "value = 43")
        self.check("refers", "future, finished", "value = 5")
        self.check("broken", "future, finished", "exception = std::runtime_error: out of order")
        self.check("dropped", "future, cancelled")
        self.check("none", "future, moved from")

    def test_a_generator_prints_where_it_stands_and_its_element(self):
        self.check("unbegun", "generator app::count, created")
        self.check("yielding", "generator app::count, suspended at @count", "element = 8")
        self.check("delegating", "generator app::delegates, suspended at @delegates",
                   "[0] = app::delegates at @delegates", "[1] = app::count at @count", "element = 21")
        self.check("iterating", "generator app::ranges, suspended at @ranges", "element = 31")
        self.check("closed", "generator app::count, closed")
        self.check("referring", "generator app::pairs, suspended at @pairs", "element = {first = 3, second = 4}")
        self.check("returned", "generator app::returns, closed", "result = 7")
        self.check("ticking", "async_generator app::ticks, suspended at @ticks", "element = 11")

    def test_weft_tasks_lists_all_tasks(self):
        title, heads, *rows = self.shown["weft-tasks"].splitlines()
        self.assertRegex(title, r"^loop 0x[0-9a-f]+: (epoll|io_uring), runs, thread 1, LWP \d+$")
        self.assertEqual(heads.split(), ["ID", "NAME", "STATE", "WAITS", "FOR", "WHERE", "FUNCTION"])
        rows = {int(row.split()[0]): re.split(r"\s{2,}", row.strip()) for row in rows}
        self.assertEqual(list(rows), [1, 2, 5, 6, 7, 8, 9, 11, 12, 13])
        self.assertEqual(rows[1], ["1", "Task-1", "running", f"shown.cpp:{LINES['main_task']}", "app::main_task"])
        self.assertEqual(rows[2], ["2", "reader", "waiting", "event", f"shown.cpp:{LINES['innermost']}", "app::innermost"])
        self.assertEqual(rows[6][1:4], ["right", "waiting", "lock held by #5"])
        self.assertEqual(rows[8][-2:], [f"shown.cpp:{LINES['gathers']}", "app::gathers"])  # and not where gather waits

    def test_weft_tasks_shows_the_chain_of_one_task_and_of_those_it_waits_for(self):
        lines = self.shown["weft-tasks -s joining"].splitlines()
        self.assertRegex(lines[0], r"^task #7 joining, waiting for task #2 reader, created at shown\.cpp:\d+$")
        self.assertEqual(lines[1:], [
            f"  in app::joins at shown.cpp:{LINES['joins']}",
            f"  task #2 reader, waiting for event, created at shown.cpp:{LINES['creates_reader']}",
            f"    in app::outer at shown.cpp:{LINES['outer']}",
            f"    in app::innermost at shown.cpp:{LINES['innermost']}"])

    def test_weft_tasks_shows_the_functions_on_the_stacks_of_a_fiber(self):
        lines = [line for line in self.shown["weft-tasks -s parser"].splitlines() if not re.search(r" (weft::|.*operator\(\))", line)]
        self.assertRegex(lines[0], r"^task #13 parser, waiting for event, created at shown\.cpp:\d+$")
        self.assertEqual(lines[1:], [f"  in app::{function} at shown.cpp:{LINES[mark]}" for function, mark in (
            ("serves", "serves"), ("parses", "parses_deeper"), ("parses", "parses"))])
        # And the thread that gdb looks at stands where it stood.
        self.assertRegex(self.shown["bt 1"], r"^#0 +app::look")

    def test_weft_tasks_ends_where_a_deadlock_comes_round(self):
        tasks = re.findall(r"^ *(task #.*?)(?:, created.*)?$", self.shown["weft-tasks -s left"], re.MULTILINE)
        self.assertEqual(tasks, ["task #5 left, waiting for lock held by #6", "task #6 right, waiting for lock held by #5",
                                 "task #5 left: see above"])

    def test_weft_tasks_says_what_is_wrong(self):
        self.assertIn("there is no task nobody", self.shown["weft-tasks -s nobody"])
        self.assertIn("usage: weft-tasks [-s TASK]", self.shown["weft-tasks --all"])


class ACoreFile(AProcess):
    def setUp(self):
        self.shown = CORE.by_command


    def test_weft_tasks_shows_the_functions_on_the_stacks_of_a_fiber(self):
        # gdb gives up stacks as a whole where the guards below them lie in the page tables (Linux 6.13); the kernel does not.
        text = self.shown["weft-tasks -s parser"]
        if "waiting for event" in text:
            return super().test_weft_tasks_shows_the_functions_on_the_stacks_of_a_fiber()
        self.assertRegex(text, r"^task #13 parser, waiting for what is not in this file, created at shown\.cpp:\d+\n")
        self.assertRegex(text, rf"in app::parses at shown\.cpp:{LINES['parses']}\n$")


class TheGuide(unittest.TestCase):
    def test_what_it_shows_is_what_gdb_prints(self):
        with open(GUIDE, encoding="utf-8") as page:
            blocks = re.findall(r"<!-- gdb: (.*?) -->\n```text\n(.*?)```\n", page.read(), re.DOTALL)
        self.assertTrue(blocks)
        for command, text in blocks:
            with self.subTest(command):
                self.assertEqual(*(self.without_numbers(t) for t in (PROCESS.by_command[command], text)))

    @staticmethod
    def without_numbers(text):
        """Lines, addresses, processes and a backend come as they may."""
        return re.sub(r"\$\d+|:\d+|0x[0-9a-f]+|LWP \d+|epoll|io_uring|\s+", " ", text).split()


class WithoutWhatItNeeds(unittest.TestCase):
    def test_a_program_without_debug_information_is_told_so(self):
        with tempfile.TemporaryDirectory() as folder:
            stripped = os.path.join(folder, "stripped")
            subprocess.run(["strip", "--strip-debug", SHOWN, "-o", stripped], check=True)
            said = gdb([stripped], [f"source {SCRIPT}", "weft-tasks"])[1]
            self.assertIn("this needs debug information (-g) of weft itself", said)
            subprocess.run(["strip", "--strip-all", SHOWN, "-o", stripped], check=True)
            self.assertIn("there is no weft in this program", gdb([stripped], [f"source {SCRIPT}", "weft-tasks"])[1])

    def test_a_program_that_does_not_run_has_no_loop(self):
        self.assertIn("there is no event loop", gdb([SHOWN], [f"source {SCRIPT}", "weft-tasks"])[1])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
