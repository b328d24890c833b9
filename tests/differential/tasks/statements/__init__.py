# SPDX-License-Identifier: Apache-2.0
"""What each statement of a program means in asyncio. A construct is a function in one of these files, one in a C++ file of
the same name, and one that writes it in ../grammar.py, unless it has no numbers."""
from tasks.statements import callbacks, combining, contexts, control, groups, queues, synchronising, tasks, timing  # noqa: F401
