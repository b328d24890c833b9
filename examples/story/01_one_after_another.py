# SPDX-License-Identifier: Apache-2.0
# Two requests, one after the other. Nothing goes on at the same time, and nothing has to.


def page():
    print("page starts")
    print("page ends")


def ping():
    print("ping starts")
    print("ping ends")


page()
ping()
