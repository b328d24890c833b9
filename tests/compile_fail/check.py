#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that a C++ file does not compile, and that the compiler says why.

    check.py FILE -- COMPILER FLAG...

FILE holds the mistake under `#ifndef WEFT_COMPILE_FAIL_CONTROL`, and lines that name what must be diagnosed:

    // expect: a regular expression           (from either compiler)
    // expect-clang: ...   // expect-gcc: ... (from one of them)
    // expect-gcc: nothing                    (that one does not see the mistake)

Compiled with -DWEFT_COMPILE_FAIL_CONTROL the file must compile: nothing but the mistake is wrong with it.
"""
import os
import re
import subprocess
import sys


def compile_file(command, path, *flags):
    """Runs the compiler; returns its exit status and diagnostics, without the source lines it would quote."""
    quiet = {"clang": "-fno-caret-diagnostics", "gcc": "-fno-diagnostics-show-caret"}[family(command)]
    line = [*command, quiet, "-fdiagnostics-color=never", *flags, "-O0", "-S", "-o", os.devnull, path]
    run = subprocess.run(line, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    return run.returncode, run.stderr


def family(command):
    return "clang" if "clang" in os.path.basename(command[0]) else "gcc"


def expectations(path, compiler):
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"^\s*// expect(?:-(clang|gcc))?: (.+?)\s*$", file.read(), re.MULTILINE)
    return [pattern for only, pattern in found if only in ("", compiler)]


def problems(path, command):
    """What is wrong with the file, as sentences; nothing if it fails to compile as it should."""
    expected = expectations(path, family(command))
    if not expected:
        return ["it has no `// expect: <regex>` line for this compiler"]
    status, diagnostics = compile_file(command, path, "-DWEFT_COMPILE_FAIL_CONTROL")
    if status != 0:
        return [f"the control (-DWEFT_COMPILE_FAIL_CONTROL) does not compile:\n{diagnostics}"]
    status, diagnostics = compile_file(command, path)
    if expected == ["nothing"]:
        return ["it does not compile, which is better than expected: say what is diagnosed"] if status else []
    if status == 0:
        return ["it compiles"]
    missing = [pattern for pattern in expected if not re.search(pattern, diagnostics)]
    return [f"no diagnostic matches /{pattern}/; the compiler said:\n{diagnostics}" for pattern in missing]


def main(arguments):
    path, separator, *command = arguments
    assert separator == "--" and command, __doc__
    found = problems(path, command)
    for problem in found:
        print(f"{path}: {problem}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
