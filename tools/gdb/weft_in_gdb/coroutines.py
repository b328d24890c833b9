# SPDX-License-Identifier: Apache-2.0
"""Coroutines: where they stand, and the chain of those that await one another."""
import re

import gdb

from .memory import c_string, to, word


def shortened(signature):
    """Without what nobody wants to read: namespaces without a name or of a version, and what a template is an instance of."""
    noise, longer = r"\(anonymous namespace\)::|\{anonymous\}::|(?<=weft::)v\d+::|<[^<>]*>", None
    while signature != longer:
        longer, signature = signature, re.sub(noise, "", signature)
    return signature


def location(where):
    """(function, "file:line") of a std::source_location, which is a pointer to them."""
    at = word(int(where.address))
    # Clang has the signature, GCC that of the actor it makes of a coroutine: the name ends before the first parenthesis.
    signature = shortened(c_string(word(at + 8)))
    name = re.search(r"(\S*?)(?<!operator)\(", signature)
    return name[1] if name else signature, f"{shown_file(c_string(word(at)))}:{word(at + 16) & 0xffffffff}"


def shown_file(path):
    return path.rpartition("/")[2] if gdb.parameter("filename-display") == "basename" else path


def promise_at(frame, name="promise_base"):
    """Of a coroutine's frame, behind the two functions that it begins with; None without a frame."""
    return to(name, frame + 16) if frame else None


def frame_of(handle):
    return int(handle["_M_fr_ptr"])


def await_chain(promise, functions_on_stacks=None):
    """(function, "file:line") of each coroutine of a chain, the innermost last; of a fiber, what is on its stack as well."""
    while promise:
        place = location(promise["where_"])
        functions = functions_on_stacks(promise) if functions_on_stacks else []
        # The innermost is known to the fiber itself, with the line.
        yield from functions[:-1] if functions and functions[-1][0] == place[0] else functions
        yield place
        promise = promise["awaited_"]


def numbered(outermost):
    return ((f"[{i}]", f"{function} at {where}") for i, (function, where) in enumerate(await_chain(outermost)))


def describe_coroutine(kind, promise, state):
    function, where = location(promise["where_"])
    return f"{kind} {function}, {state}" + (f" at {where}" if state in ("suspended", "running") else "")
