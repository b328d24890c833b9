# SPDX-License-Identifier: Apache-2.0
# New: the page needs something from a database. While it waits there it does nothing, and everybody behind it waits too,
# for no reason of their own.
import time


def query():
    print("query starts")
    time.sleep(0.02)  # the database thinks
    print("query ends")
    return 42


def page():
    print("page starts")
    rows = query()
    print(f"page has {rows} rows")
    print("page ends")


def ping():
    print("ping starts")
    print("ping ends")


page()
ping()
