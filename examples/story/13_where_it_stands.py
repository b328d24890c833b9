# SPDX-License-Identifier: Apache-2.0
# New: a generator says where it stands: its state, each suspended function with its line, and, while it runs, who resumed
# it. That is whoever asked last, not who made it. (Lines are counted from the first one of inner.)
import inspect


def state():
    return inspect.getgeneratorstate(g).removeprefix("GEN_").lower()


def tell():
    print(f"  inside: {state()}, resumed by {g.gi_frame.f_back.f_code.co_name}")


def inner():
    tell()
    yield 2


def outer():
    tell()
    yield 1
    yield from inner()
    tell()


def show():
    print(state(), end="")
    if state() == "suspended":
        at = g
        while at:
            print(f", {at.gi_code.co_name} at line {at.gi_frame.f_lineno - top}", end="")
            at = at.gi_yieldfrom
        if g.gi_yieldfrom:
            print(", to which it delegates", end="")
    print()


def ann():
    next(g, None)


def ben():
    next(g, None)


top = inner.__code__.co_firstlineno
g = outer()
show()
ann()
show()
ben()
show()
ann()
show()
