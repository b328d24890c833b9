# SPDX-License-Identifier: Apache-2.0
# Back to the beginning, to see what made 04 possible. A function that yields: called, it has not begun; asked for the next
# value, it runs as far as a yield and stands there. The end is an exception, StopIteration.


def digits():
    for n in range(10):
        yield n


numbers = digits()
try:
    while True:
        print(next(numbers))
except StopIteration:
    print("end")
