#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Uses weft as other projects do, in a temporary folder.

    package_test.py find_package|pkg_config|subproject|old_compiler SOURCE BUILD COMPILER
"""
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent


def run(*command, fails=False, **environment):
    """Runs a command, which must succeed (or must fail), and returns all it said."""
    command = [str(word) for word in command]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env={**os.environ, **environment})
    print("$", shlex.join(command), done.stdout, sep="\n")
    if (done.returncode != 0) != fails:
        sys.exit(f"exit status {done.returncode} of {shlex.join(command)}")
    return done.stdout


def require(condition, complaint):
    if not condition:
        sys.exit(complaint)


class Package:
    def __init__(self, source, build, compiler, folder):
        self.source, self.build, self.compiler = source, pathlib.Path(build), compiler
        self.folder, self.prefix = folder, folder / "prefix"

    def option(self, name, build=None):
        cache = ((build or self.build) / "CMakeCache.txt").read_text()
        return re.search(rf"^{name}:\w+=(.*)$", cache, re.MULTILINE).group(1)

    def install(self):
        run("cmake", "--install", self.build, "--prefix", self.prefix)

    def configure(self, project, *flags, compiler=None, **expectation):
        build = self.folder / "build"
        shutil.rmtree(build, ignore_errors=True)
        return run("cmake", "-G", "Ninja", "-S", project, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                   f"-DCMAKE_CXX_COMPILER={compiler or self.compiler}", *flags, **expectation)

    def find_package(self):
        self.install()
        headers = pathlib.Path(self.source) / "include"
        for header in headers.rglob("*.hpp"):
            require((self.prefix / "include" / header.relative_to(headers)).exists(), f"{header.name} is not installed")
        gdb = pathlib.Path(self.source) / "tools/gdb"
        for script in gdb.rglob("*.py"):
            require((self.prefix / "share/weft/gdb" / script.relative_to(gdb)).exists(), f"{script.name} is not installed")
        for component in ("io_uring", "tls", "zlib"):
            present = self.option(f"WEFT_WITH_{component.upper()}") == "ON"
            self.configure(HERE / "installed", f"-DCOMPONENTS={component}", fails=not present)
        require("nonsense" in self.configure(HERE / "installed", "-DCOMPONENTS=nonsense", fails=True),
                "an unknown component was found")
        self.configure(HERE / "installed")
        run("cmake", "--build", self.folder / "build")
        run(self.folder / "build/user")

    def pkg_config(self):
        self.install()
        shutil.move(self.prefix, self.folder / "moved")  # the prefix may be another by the time it is used
        path = next((self.folder / "moved").rglob("weft.pc")).parent
        flags = run("pkg-config", "--cflags", "--libs", "weft", PKG_CONFIG_PATH=str(path)).split()
        run(self.compiler, "-std=c++23", HERE / "main.cpp", *flags, "-o", self.folder / "user")
        run(self.folder / "user", LD_LIBRARY_PATH=str(path.parent))

    def subproject(self):
        build = self.folder / "build"
        self.configure(HERE / "subproject", f"-DWEFT_SOURCE_DIR={self.source}", "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON",
                       f"-DWEFT_WITH_IO_URING={self.option('WEFT_WITH_IO_URING')}",
                       f"-DWEFT_WITH_TLS={self.option('WEFT_WITH_TLS')}",
                       f"-DWEFT_WITH_ZLIB={self.option('WEFT_WITH_ZLIB')}")
        for part in ("TESTS", "EXAMPLES", "BENCHMARKS", "TOOLS"):
            require(self.option(f"WEFT_BUILD_{part}", build) == "OFF", f"WEFT_BUILD_{part} is on in the parent")
        run("cmake", "--build", build, "--parallel", "2")
        run(build / "user")
        require("Total Tests: 0" in run("ctest", "--test-dir", build, "-N"), "weft's tests are the parent's now")
        run("cmake", "--install", build, "--prefix", self.prefix)
        installed = [str(path.relative_to(self.prefix)) for path in self.prefix.rglob("*") if path.is_file()]
        require(installed == ["bin/user"], f"installed with the parent: {installed}")
        commands = json.loads((build / "compile_commands.json").read_text())
        command = next(entry["command"] for entry in commands if entry["file"].endswith("package/main.cpp"))
        leaked = re.findall(r"\s(-W\S*|-D\S+|-O\S*|-g\S*)", command)
        require(not leaked, f"flags that leaked to the parent: {leaked}")

    def old_compiler(self):
        old = os.environ["WEFT_OLD_COMPILER"]
        reason = r"memory\s+corruption" if "g++" in old and "clang" not in old else r"needs\s+Clang\s+18"
        require(re.search(reason, self.configure(self.source, compiler=old, fails=True)), "no reason given")
        self.install()
        require(re.search(reason, self.configure(HERE / "installed", compiler=old, fails=True)),
                "the installed package gives no reason")


def main(way, source, build, compiler):
    with tempfile.TemporaryDirectory(prefix="weft-package-") as folder:
        getattr(Package(source, build, compiler, pathlib.Path(folder)), way)()


if __name__ == "__main__":
    main(*sys.argv[1:])
