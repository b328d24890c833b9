# SPDX-License-Identifier: Apache-2.0
# The same two functions as generators, as one wrote them before `await`. To be a generator at all, look_up has to yield
# somewhere: that is a step more. One that has finished does not refuse; it is at its end, as often as one asks.


def look_up(name):
    print(f"name {name}")
    yield
    return "foo"


def ask():
    return (yield from look_up("bar"))


generator = ask()
next(generator)
print("not yet")
try:
    next(generator)
except StopIteration as end:
    print(f"value {end.value}")
try:
    next(generator)
except StopIteration:
    print("end")
