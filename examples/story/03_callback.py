# SPDX-License-Identifier: Apache-2.0
# New: a thread does the waiting, and the page returns at once. Nobody is held up any more; but the rest of the page has
# become a function of its own, called from elsewhere, that knows nothing of what the page knew.
import threading
import time

both = threading.Barrier(2)  # each waits there for the other, so that the order is the same in every run


def query(callback):
    def work():
        both.wait()
        print("query starts")
        both.wait()
        time.sleep(0.02)
        both.wait()
        print("query ends")
        callback(42)

    reader = threading.Thread(target=work)
    reader.start()
    return reader


def page_goes_on(rows):
    print("page is called back")
    print(f"page has {rows} rows")
    print("page ends")


def page():
    print("page starts")
    reader = query(page_goes_on)
    print("page is left")
    return reader


def ping():
    print("ping starts")
    both.wait()  # now the query starts
    both.wait()
    print("ping ends")
    both.wait()  # now it may end


reader = page()
ping()
reader.join()
