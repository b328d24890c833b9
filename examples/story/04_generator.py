# SPDX-License-Identifier: Apache-2.0
# New: the page is a generator. At its yield it is left, with all it knows, and the thread that has the answer resumes it
# there by send(). The page is one function again, and reads as in 02. How does the thread know whom to resume? By a global.
import threading
import time

waiting = None
both = threading.Barrier(2)  # each waits there for the other, so that the order is the same in every run


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
            pass  # the page has ended: Python says so by an exception

    reader = threading.Thread(target=work)
    reader.start()
    return reader


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


waiting = page()
reader = next(waiting)  # runs the page to its yield
ping()
reader.join()
