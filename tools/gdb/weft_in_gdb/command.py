# SPDX-License-Identifier: Apache-2.0
"""The command weft-tasks."""
import re
import struct

import gdb

from .coroutines import await_chain, location
from .fibers import functions_on_stacks
from .memory import c_string, enumerator, loaded, read, weft_type, word
from .tasks import Task


class WeftTasks(gdb.Command):
    """Lists the tasks of weft's event loops: weft-tasks [-s TASK]
Of each: its id and name, its state, what it waits for, where it stands and in which function. With -s, shows one task, by
its id or its name: its chain of awaits, the innermost last, with the functions on the stacks of fibers, and below it the tasks that
it waits for."""

    def __init__(self):
        super().__init__("weft-tasks", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        arguments = gdb.string_to_argv(argument)
        if arguments and (len(arguments) != 2 or arguments[0] != "-s"):
            raise gdb.GdbError("usage: weft-tasks [-s TASK]")
        try:
            head = gdb.parse_and_eval("&weft_registry_head")
        except gdb.error:
            raise gdb.GdbError("there is no weft in this program, or it has not been loaded yet") from None
        found, root = False, loaded(head.cast(weft_type("registry_head").pointer())["roots"])
        while root:
            if loaded(root["loop"]):
                tasks = self.tasks_of(root)
                if not arguments:
                    found = self.list(root, tasks)
                for task in tasks:
                    if arguments and arguments[1].lstrip("#") in (str(task.id), task.name):
                        found = self.show(task, tasks, "", set())
            root = loaded(root["next"])
        if not found:
            raise gdb.GdbError(f"there is no task {arguments[1]}" if arguments else "there is no event loop")

    @staticmethod
    def tasks_of(root):
        tasks, page = [], loaded(root["pages"])
        while page:
            slots = read(int(page["slots"].address), page["slots"].type.sizeof)
            tasks += [Task(slot >> 16) for slot, in struct.iter_unpack("<Q", slots) if slot & 1]
            page = loaded(page["next"])
        for task in tasks:
            if task.address == int(loaded(root["current"])):
                task.state = "running"
        return sorted(tasks, key=lambda task: task.id)

    @staticmethod
    def list(root, tasks):
        rows = [("ID", "NAME", "STATE", "WAITS FOR", "WHERE", "FUNCTION")]
        for task in tasks:
            frames = list(await_chain(task.outermost())) or [("", "")]
            users = [frame for frame in frames if not frame[0].startswith("weft::")]
            function, where = (users or frames)[-1]
            rows.append((str(task.id), task.name, task.state, task.wait()[0], where, function))
        widths = [max(map(len, column)) for column in zip(*rows)]
        lwp = int(loaded(root["thread"]))
        numbers = [f"thread {t.num}, " for t in gdb.selected_inferior().threads() if t.ptid[1] == lwp]
        thread = f"{''.join(numbers)}LWP {lwp}" if lwp else "no thread"
        backend, phase = c_string(loaded(root["backend"])), enumerator(loaded(root["phase"]))
        print(f"loop {int(loaded(root['loop'])):#x}: {backend}, {phase}, {thread}")
        for row in rows:
            print("  ".join([row[0].rjust(widths[0]), *map(str.ljust, row[1:], widths[1:])]).rstrip())
        return True

    def show(self, task, tasks, indent, shown):
        shown.add(task.address)
        outermost, (text, awaited) = task.outermost(), task.wait()
        created = outermost and word(int(outermost["created_at_"].address)) and location(outermost["created_at_"])[1]
        print(f"{indent}{task}" + (f", created at {created}" if created else ""))
        for function, where in await_chain(outermost, task.state != "running" and functions_on_stacks):
            print(f"{indent}  in {function} at {where}")
        if holder := re.search(r"held by #(\d+)$", text):
            awaited = [other for other in tasks if other.id == int(holder[1])]
        for other in awaited:
            if other.address in shown:
                print(f"{indent}  task {other.title}: see above")
            else:
                self.show(other, tasks, indent + "  ", shown)
        return True
