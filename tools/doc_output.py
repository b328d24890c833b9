#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts into the guide what the `weft` command really prints, or says where the guide shows something else.

    tools/doc_output.py --build build/dev [--check]

A block of a page under docs/guide that follows `<!-- output: weft ps $PATIENT -->` is what that command prints, with the
process of tests/command/patient for $PATIENT, its path for $PATIENT_FILE, the processes of tests/command/recorded for
$RECORDED and of tests/command/fibers for $FIBERS, and the path of tests/tools/frames_program for $FRAMES_PROGRAM; all as clang-19 makes them in the dev preset.
With --check nothing is written; numbers, durations, the paths of this machine and the width of columns do not matter
then. Of `weft doctor`, which says what a machine is like, only what it looks at matters, not what it finds there.
"""
import argparse
import glob
import os
import re
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BLOCK = re.compile(r"<!-- output: weft (?P<command>[^\n]*?) -->\n```[a-z]*\n(?P<text>.*?)```\n", re.DOTALL)


def run(weft, command, names):
    words = [names.get(word.removeprefix("$"), word) if word.startswith("$") else word for word in shlex.split(command)]
    done = subprocess.run([weft, *words], capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        sys.exit(f"weft {command}: exit status {done.returncode}\n{done.stderr}")
    if command == "doctor":
        return without_this_machine(done.stdout)
    # The sources' paths as somebody sees them who has this tree where they stand.
    return done.stdout.replace(ROOT + "/", "")


def without_this_machine(text):
    """What `weft doctor` prints, as it might be anywhere."""
    text = re.sub(r"(Linux \d+\.\d+)\S*", r"\1", text)
    return re.sub(r"(?m)^(. core files +)[|/].*$", r"\1core", text)


def examined(text):
    """What `weft doctor` looks at: its sections, and in them the names before the values. Some are there only where what they
    name is."""
    values_from = 24
    lines = [line[:values_from].rstrip() for line in text.splitlines() if line[:values_from].strip()]
    names = [line if line[0] not in " !" else "  " + line[2:] for line in lines]
    return [name for name in names if name.strip() not in ("sanitizers", "weft uses", "pending connections")]


def likeness(command, text):
    if command == "doctor":
        return examined(text)
    text = re.sub(r"\b(io_uring|epoll)\b", "BACKEND", text)
    text = re.sub(r"[\d.]+ (ns|µs|ms|s|min|h|d|%)", "T", text)
    text = re.sub(r"(0x[0-9a-f]+|\d+)(\.\d+)*", "N", text)
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(ROOT, "build/dev"))
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    weft = os.path.join(options.build, "tools/weft")
    program = os.path.join(options.build, "tests/command/patient")
    processes = [subprocess.Popen([os.path.join(options.build, "tests/command", each)], stdout=subprocess.PIPE, text=True)
                 for each in ("patient", "recorded", "fibers")]
    wrong = 0
    try:
        for process in processes:
            process.stdout.readline()  # "ready"
        names = {"PATIENT": str(processes[0].pid), "PATIENT_FILE": program, "RECORDED": str(processes[1].pid),
                 "FIBERS": str(processes[2].pid),
                 "FRAMES_PROGRAM": os.path.join(options.build, "tests/tools/frames_program")}
        for page in sorted(glob.glob(os.path.join(ROOT, "docs/guide/*.md"))):
            with open(page, encoding="utf-8") as file:
                text = file.read()
            for block in reversed(list(BLOCK.finditer(text))):
                printed = run(weft, block["command"], names)
                if likeness(block["command"], printed) == likeness(block["command"], block["text"]):
                    continue  # what differs in numbers alone stays as it is
                if options.check:
                    wrong += 1
                    print(f"{os.path.relpath(page, ROOT)}: `weft {block['command']}` prints something else now:\n{printed}")
                text = text[:block.start("text")] + printed + text[block.end("text"):]
            if not options.check:
                with open(page, "w", encoding="utf-8") as file:
                    file.write(text)
    finally:
        for process in processes:
            process.kill()
            process.wait()
    if wrong:
        sys.exit("run tools/doc_output.py, and see whether the text around the block still fits")


if __name__ == "__main__":
    main()
