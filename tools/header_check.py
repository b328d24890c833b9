#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every public header compiles alone, and costs little more than the standard headers it brings in.

    tools/header_check.py [COMPILER]        clang++-19 unless told otherwise

The cost is the compiler's memory (its peak, which is what the syntax tree takes): of a file that includes the header,
less that of a file that includes the standard headers which it and all weft headers under it include. Unlike its time,
of which 10 MiB are about a tenth of a second, it is the same on every run and on a busy machine.
"""
import concurrent.futures
import functools
import os
import pathlib
import re
import subprocess
import sys
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parent.parent / "include"
BUDGET = 24  # MiB; the dearest alone, http/client.hpp, takes 23.9
UMBRELLAS = {"weft/weft.hpp": 57, "weft/http.hpp": 35}  # which take 56.0 and 33.1


class Compiler:
    def __init__(self, program, folder):
        self.command = [program, "-std=c++23", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", f"-I{INCLUDE}"]
        self.folder = pathlib.Path(folder)

    def compile(self, headers, *flags):
        """Compiles a file of includes; gives the compiler's memory in MiB and the diagnostics, or raises."""
        name = re.sub(r"\W", "_", headers[-1]) if headers else "nothing"
        with tempfile.NamedTemporaryFile("w", dir=self.folder, prefix=name, suffix=".cpp") as source, \
                tempfile.TemporaryFile("w+") as diagnostics:
            source.writelines(f"#include <{header}>\n" for header in headers)
            source.flush()
            process = subprocess.Popen([*self.command, *flags, source.name], stderr=diagnostics)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            diagnostics.seek(0)
            said = diagnostics.read()
        if process.returncode != 0:
            raise RuntimeError(said)
        return usage.ru_maxrss / 1024, said

    @functools.cache
    def standard_memory(self, headers):
        return self.compile(sorted(headers))[0]

    def cost(self, header):
        memory, included = self.compile([header], "-H")
        return memory - self.standard_memory(self.standard_headers(included))

    @staticmethod
    def standard_headers(included):
        """Of what -H told, the standard headers that the header, or a weft header that it brings in, includes by name."""
        found, parents = set(), []
        for match in re.finditer(r"^(\.+) (.+)$", included, re.MULTILINE):
            depth, path = len(match[1]), match[2]
            parents[depth - 1:] = [path]
            if depth > 1 and str(INCLUDE) in parents[depth - 2] and str(INCLUDE) not in path:
                found.add(os.path.basename(path))
        return frozenset(found)


def judge(compiler, header):
    """The cost of a header and what is wrong with it, if anything."""
    try:
        return compiler.cost(header), ""
    except RuntimeError as error:
        return 0, f"does not compile alone:\n{error}"


def main(program="clang++-19"):
    headers = sorted(str(path.relative_to(INCLUDE)) for path in INCLUDE.rglob("*.hpp"))
    failed = 0
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        compiler = Compiler(program, folder)
        for header, (cost, problem) in zip(headers, list(pool.map(functools.partial(judge, compiler), headers))):
            budget = UMBRELLAS.get(header, BUDGET)
            if cost > budget:
                problem = f"over its budget of {budget} MiB"
            print(f"{cost:5.1f} MiB  {header}  {problem}".rstrip())
            failed += bool(problem)
    print(f"header check: {len(headers)} headers, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
