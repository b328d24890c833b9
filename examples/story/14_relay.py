# SPDX-License-Identifier: Apache-2.0
# New: a generator that hands on what two others yield and are sent. By hand that is a loop for each; `yield from` says the
# same in a word, and gives what the inner one returns. It hands on exceptions and close() too: see 15.


def tally():
    """Yields the sum so far of what it is sent, up to a 0, and returns it."""
    total = 0
    while n := (yield total):
        total += n
    return total


def by_hand():
    first = tally()
    total = next(first)
    try:
        while True:
            sent = yield total
            total = first.send(sent)
    except StopIteration as end:
        first_total = end.value
    second = tally()
    total = next(second)
    try:
        while True:
            sent = yield total
            total = second.send(sent)
    except StopIteration as end:
        second_total = end.value
    return first_total * second_total


def by_from():
    first = yield from tally()
    second = yield from tally()
    return first * second


def converse(g):
    print(next(g), end="")
    try:
        for n in [1, 2, 3, 0, 4, 3, 0]:
            print("", g.send(n), end="")
    except StopIteration as end:
        print(f", and in the end {end.value}")


converse(by_hand())
converse(by_from())
