# SPDX-License-Identifier: Apache-2.0
"""Coroutines: where they stand, and the chain of those that await one another."""
import re

import gdb

from .memory import c_string, to, word


def location(where):
    """(function, "file:line") of a std::source_location, which is a pointer to them."""
    at = word(int(where.address))
    file = c_string(word(at))
    if gdb.parameter("filename-display") == "basename":
        file = file.rpartition("/")[2]
    # Clang has the signature, GCC that of the actor it makes of a coroutine: the name ends before the first parenthesis.
    noise = r"\(anonymous namespace\)::|\{anonymous\}::|(?<=weft::)v\d+::|<[^<>]*>"
    signature, longer = c_string(word(at + 8)), None
    while signature != longer:
        longer, signature = signature, re.sub(noise, "", signature)
    name = re.search(r"(\S*?)(?<!operator)\(", signature)
    return name[1] if name else signature, f"{file}:{word(at + 16) & 0xffffffff}"


def promise_at(frame, name="promise_base"):
    """Of a coroutine's frame, behind the two functions that it begins with; None without a frame."""
    return to(name, frame + 16) if frame else None


def frame_of(handle):
    return int(handle["_M_fr_ptr"])


def await_chain(promise):
    """(function, "file:line") of each coroutine of a chain, the innermost last."""
    while promise:
        yield location(promise["where_"])
        promise = promise["awaited_"]


def numbered(outermost):
    return ((f"[{i}]", f"{function} at {where}") for i, (function, where) in enumerate(await_chain(outermost)))


def describe_coroutine(kind, promise, state):
    function, where = location(promise["where_"])
    return f"{kind} {function}, {state}" + (f" at {where}" if state in ("suspended", "running") else "")
