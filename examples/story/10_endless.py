# SPDX-License-Identifier: Apache-2.0
# New: generators without an end. They compute only what is asked for, so the caller says how much there is.
import itertools


def primes():
    found = []
    for n in itertools.count(2):
        if all(n % p != 0 for p in found):
            found.append(n)
            yield n


def fibonacci():
    a, b = 1, 1
    while True:
        yield a
        a, b = b, a + b


def print_ten(numbers):
    print(*itertools.islice(numbers, 10), "...")


print_ten(primes())
print_ten(fibonacci())
