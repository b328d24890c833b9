# SPDX-License-Identifier: Apache-2.0
"""weft in gdb (12 or later): how tasks, futures and generators print, and the command weft-tasks.

    (gdb) source weft_gdb.py

All of it reads memory and calls nothing of the program, so a core file is as good as a process. It needs debug information
(-g) of weft itself; `weft ps`, which shows tasks without a debugger, needs none. What it does is beside it, in weft_in_gdb.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from weft_in_gdb import command, printers  # noqa: E402

printers.register()
command.WeftTasks()
