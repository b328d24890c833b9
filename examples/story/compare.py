#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a program of the story and its Python twin: both must succeed and print the same.

    compare.py PROGRAM TWIN.py [WARNING]      WARNING: what both must say on stderr, a regular expression
"""
import difflib
import re
import subprocess
import sys


def printed(warning, *command):
    """The lines that a command prints. It must end well, and give the warning."""
    run = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=50)
    sys.stderr.write(run.stderr)
    if run.returncode != 0:
        sys.exit(f"{command[-1]}: exit status {run.returncode}, having printed\n{run.stdout}")
    if not re.search(warning, run.stderr):
        sys.exit(f"{command[-1]}: no warning like {warning}")
    return run.stdout.splitlines(keepends=True)


def main(program, twin, warning=""):
    cpp, python = printed(warning, program), printed(warning, sys.executable, "-B", twin)
    sys.stdout.writelines(difflib.unified_diff(python, cpp, twin, program) if cpp != python else cpp)
    return "they do not print the same" if cpp != python else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
