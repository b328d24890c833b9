# SPDX-License-Identifier: Apache-2.0
# New: the consumer can say that it wants no more. throw() raises an exception at the yield where the producer stands; the
# producer catches it there, and ends.


class Enough(Exception):
    pass


def producer():
    try:
        for n in range(5, 0, -1):
            yield n
    except Enough as e:
        print(e)


def consumer(numbers):
    try:
        while True:
            n = next(numbers)
            print(f"got {n}")
            if n == 3:
                numbers.throw(Enough("only 3, 4, 5 wanted"))
    except StopIteration:
        print("end")


consumer(producer())
