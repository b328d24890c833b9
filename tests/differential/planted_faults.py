#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that the differential test can fail: plants faults in a copy of the library, one at a time, and looks for each.

    tests/differential/planted_faults.py async --compiler clang++-19 --link=build/dev/src/libweft.a --link=-luring

The list is in <kind>_faults.py, or tasks/faults.py. Prints a table for docs/differential.md; the seed is that of the
first program that differs, or at which weft's side crashes or hangs. Exits with 1 if a fault is not found within --count
programs, and at once if a fault's text is no longer in the library: it must be planted anew then.
"""
import argparse
import importlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import run

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FLAGS = ["-std=c++23", "-O0", "-w"]

INTERPRETERS = {
    "generator": ["program.cpp", "errors.cpp", "frame.cpp", "generator_interpreter.cpp"],
    "async": ["program.cpp", "errors.cpp", "frame.cpp", "async_interpreter.cpp"],
    "tasks": ["tasks/*.cpp", "tasks/statements/*.cpp"],
}


class Engine:
    """A copy of the library's sources with weft's side of the test, compiled as a whole and then piece by piece."""

    def __init__(self, kind, folder, compiler, link_with, faults):
        self.folder, self.compiler, self.link_with, self.faults = folder, compiler, link_with, faults
        for part in ("include", "src"):
            shutil.copytree(ROOT / part, folder / part)
        of_library = [path for pattern in faults.SOURCES for path in sorted(folder.glob(pattern))]
        of_test = [path for pattern in INTERPRETERS[kind] for path in sorted(HERE.glob(pattern))]
        self.objects = {source: self.compile(source, "sound") for source in [*of_library, *of_test]}
        self.sound = self.link(self.objects, "sound")

    def compile(self, source, tag):
        target = self.folder / f"{source.parent.name}_{source.stem}_{tag}.o"
        subprocess.run([self.compiler, *FLAGS, f"-I{self.folder / 'include'}", f"-I{self.folder / 'src'}", "-MMD", "-c",
                        source, "-o", target], check=True, timeout=300)
        return target

    def affected_by(self, path):
        """The sources that include it, or it alone."""
        return [source for source, made in self.objects.items() if str(path) in made.with_suffix(".d").read_text().split()]

    def link(self, objects, tag):
        target = self.folder / f"interpreter_{tag}"
        subprocess.run([self.compiler, *objects.values(), *self.link_with, "-o", target], check=True, timeout=300)
        return target

    def with_fault(self, file, old, new):
        """The interpreter with `old` replaced by `new`."""
        path = self.folder / file
        text = path.read_text()
        path.write_text(text.replace(old, new))
        try:
            faulty = {source: self.compile(source, "faulty") for source in self.affected_by(path)}
            return self.link({**self.objects, **faulty}, "faulty")
        finally:
            path.write_text(text)


def require_texts(planted):
    """All of them are still in the library."""
    for name, file, old, _ in planted:
        times = (ROOT / file).read_text().count(old)
        if times != 1:
            sys.exit(f"{name}: {file} has {times} times, not once:\n{old}\nThe fault must be planted anew.")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=run.KINDS)
    parser.add_argument("--compiler", default="clang++-19")
    parser.add_argument("--link", action="append", default=[], help="--link=X: the sound library, and what it needs")
    parser.add_argument("--count", type=int, default=20000, help="programs within which each fault must be found")
    parser.add_argument("--timeout", type=int, default=20, help=f"seconds of the processor for {run.BATCH} programs; more is a hang")
    parser.add_argument("--every", type=int, default=1, help="only one in so many; the others' texts are looked for all the same")
    parser.add_argument("--only", default="", help="only faults with this in their name")
    options = parser.parse_args()
    faults = importlib.import_module("tasks.faults" if options.kind == "tasks" else f"{options.kind}_faults")
    planted = [fault for fault in faults.FAULTS if options.only in fault[0]]
    require_texts(planted)
    planted = planted[::options.every]
    began = time.monotonic()
    missed = 0
    with tempfile.TemporaryDirectory() as folder:
        engine = Engine(options.kind, pathlib.Path(folder), options.compiler, options.link, faults)
        if run.search(options.kind, engine.sound, 0, run.BATCH, 1, options.timeout)[0]:
            sys.exit("the library differs from CPython without any fault: see run.py")
        print("| fault | found at seed | as |\n|---|---:|---|")
        for name, file, old, new in planted:
            difference, *_ = run.search(options.kind, engine.with_fault(file, old, new), 0, options.count, 1,
                                       options.timeout)
            missed += difference is None
            how = "**not found**" if not difference else "crash or hang" if difference.died else "difference"
            print(f"| {name} | {difference.seed if difference else ''} | {how} |", flush=True)
    print(f"\n{len(planted)} faults, {missed} not found within {options.count} programs, "
          f"{time.monotonic() - began:.0f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
