# SPDX-License-Identifier: Apache-2.0
# New: the query is a generator too, whose value is the answer. The wrapper knows both, the one that waits and the one that
# is waited for, and carries the answer from one to the other: no global, and neither knows of the other or of threads.
import functools
import threading
import time

both = threading.Barrier(2)  # each waits there for the other, so that the order is the same in every run


def started(function):
    """A plain function that runs the request to its first yield, and leaves the rest to a thread."""

    @functools.wraps(function)
    def start():
        waiting = function()
        asked = next(waiting)

        def work():
            try:
                waiting.send(next(asked))
            except StopIteration:
                pass

        reader = threading.Thread(target=work)
        reader.start()
        return reader

    return start


def query():
    both.wait()
    print("query starts")
    both.wait()
    time.sleep(0.02)
    both.wait()
    print("query ends")
    yield 42


@started
def page():
    print("page starts")
    rows = yield query()
    print(f"page has {rows} rows")
    print("page ends")


def ping():
    print("ping starts")
    both.wait()  # now the query starts
    both.wait()
    print("ping ends")
    both.wait()  # now it may end


reader = page()
ping()
reader.join()
