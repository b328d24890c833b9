# SPDX-License-Identifier: Apache-2.0
# New: many such chains at once. The loop has a list of those that are ready; one that wants something fetched is set aside
# until that is there, and then put back. (The clock is a number here, and jumps to whatever comes next.)
import collections
import types

Fetch = collections.namedtuple("Fetch", "path ms")  # how long it takes


def trampoline(first):
    """A call chain as one generator of what is to be fetched: run() of 19, which no longer fetches, but yields."""
    stack = [first]
    reply = None
    while stack:
        try:
            wanted = stack[-1].send(reply)
        except StopIteration as end:
            reply = end.value
            stack.pop()
        else:
            if isinstance(wanted, types.GeneratorType):
                stack.append(wanted)
                reply = None
            else:
                reply = yield wanted


now = 0
ready = collections.deque()  # chains, and what each will be sent
aside = []  # by when they are ready


def run():
    global now
    while ready or aside:
        if not ready:
            aside.sort(key=lambda each: each[0])
            now, *chain_and_reply = aside.pop(0)
            ready.append(chain_and_reply)
        chain, reply = ready.popleft()
        try:
            wanted = chain.send(reply)
        except StopIteration:
            continue  # this chain has ended; the others go on
        aside.append((now + wanted.ms, chain, wanted.path))


def page(name, ms):
    for part in ["/head", "/body"]:
        text = yield Fetch(name + part, ms)
        print(f"{now} ms: {text} is there")
    return name


def visit(name, ms):
    seen = yield page(name, ms)
    print(f"{now} ms: {seen} has been seen")


ready.append((trampoline(visit("ann", 30)), None))
ready.append((trampoline(visit("ben", 20)), None))
run()
