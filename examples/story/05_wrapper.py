# SPDX-License-Identifier: Apache-2.0
# New: a wrapper starts the generator, so that its caller need not know that it is one. page() is called as ping() is, and
# comes back as soon as it has to wait.
import functools
import threading
import time

waiting = None
both = threading.Barrier(2)  # each waits there for the other, so that the order is the same in every run


def started(function):
    """A plain function that runs the generator to its first yield."""

    @functools.wraps(function)
    def start():
        global waiting
        waiting = function()
        return next(waiting)

    return start


def query():
    def work():
        both.wait()
        print("query starts")
        both.wait()
        time.sleep(0.02)
        both.wait()
        print("query ends")
        try:
            waiting.send(42)
        except StopIteration:
            pass

    reader = threading.Thread(target=work)
    reader.start()
    return reader


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
