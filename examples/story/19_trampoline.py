# SPDX-License-Identifier: Apache-2.0
# New: who waits may call somebody who waits. A generator yields what it wants fetched, or another generator that it calls;
# who runs them keeps a stack. What is called is put on it, what has returned comes off, and its result is sent to what lies
# below. A reply is kept until it has been sent.
import types


def f2(path):
    baz = yield path
    return baz


def f1():
    bar = yield "/foo"
    baz = yield f2("/" + bar)
    return baz


def fetch(path):
    print(f"job for {path}")
    return {"/foo": "bar", "/bar": "baz"}[path]


def run(first):
    stack = [first]
    reply = None  # send(None) begins
    while True:
        try:
            wanted = stack[-1].send(reply)
        except StopIteration as end:
            reply = end.value
            stack.pop()
            if not stack:
                return reply
        else:
            if isinstance(wanted, types.GeneratorType):
                stack.append(wanted)
                reply = None
            else:
                reply = fetch(wanted)


result = run(f1())
print("finished")
print(result)
