# SPDX-License-Identifier: Apache-2.0
# New: all three at one yield. send() resumes with a value, throw() with an exception, close() with the exception
# GeneratorExit, which says: this was the last time.


class StartOver(Exception):
    pass


def averager():
    total = mean = count = 0
    while True:
        try:
            sample = yield mean
            print(f"  inside: given {sample:.1f}")
            total += sample
            count += 1
            mean = total / count
        except StartOver:
            print(f"  inside: told to start over, after {count}")
            total = mean = count = 0
        except GeneratorExit:
            print(f"  inside: closed, after {count}")
            raise


average = averager()
print(f"next: {next(average):.1f}")
print(f"send 10: {average.send(10):.1f}")
print(f"send 20: {average.send(20):.1f}")
print(f"raise: {average.throw(StartOver()):.1f}")
print(f"send 5: {average.send(5):.1f}")
average.close()
print("after close:", next(average, "the end"))

another = averager()
next(another)
try:
    another.throw(RuntimeError("what it does not catch comes back"))
except RuntimeError as e:
    print(e)
print("after that:", next(another, "the end"))
