# SPDX-License-Identifier: Apache-2.0
# New: a generator is told something. `yield n` hands out n, waits, and then is what was sent.


def echo():
    n = 0
    while True:
        n = yield n


parrot = echo()
print(next(parrot))  # to the yield: before that, nothing is there to take a value
print(parrot.send(1))
print(parrot.send(2))
