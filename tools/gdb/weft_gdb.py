# SPDX-License-Identifier: Apache-2.0
"""weft in gdb (12 or later): how tasks, futures and generators print, and the command weft-tasks.

    (gdb) source weft_gdb.py

All of it reads memory and calls nothing of the program, so a core file is as good as a process. It needs debug information
(-g) of weft itself; `weft ps`, which shows tasks without a debugger, needs none.
"""
import re
import struct

import gdb
import gdb.printing
import gdb.types


def weft_type(name):
    """A type of weft's, by its name without the inline namespace of its version."""
    for version in range(10):
        try:
            return gdb.lookup_type(f"weft::v{version}::{name}")
        except gdb.error:
            pass
    raise gdb.GdbError(f"weft::{name} is not known here: this needs debug information (-g) of weft itself")


def to(name, address):
    """A pointer to a type of weft's."""
    return gdb.Value(int(address)).cast(weft_type(name).pointer())


def read(address, count):
    return bytes(gdb.selected_inferior().read_memory(address, count)) if count else b""


def word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def c_string(address):
    return gdb.Value(int(address)).cast(gdb.lookup_type("char").pointer()).string(errors="replace") if address else ""


def std_string(address):
    """By its layout: Clang leaves the type to the debug information of libstdc++."""
    return read(word(address), word(address + 8)).decode(errors="replace")


def loaded(atomic):
    return atomic.address.cast(atomic.type.strip_typedefs().template_argument(0).pointer()).dereference()


def enumerator(value):
    return str(value).rpartition("::")[2]


def kept(value, template):
    """What is in a place for a T, of a template<T>: a reference is kept as a pointer."""
    is_reference = template.template_argument(0).code in (gdb.TYPE_CODE_REF, gdb.TYPE_CODE_RVALUE_REF)
    return value.dereference() if is_reference else value


def in_optional(optional):
    return optional["_M_payload"]["_M_payload"]["_M_value"] if optional["_M_payload"]["_M_engaged"] else None


def describe_exception(pointer):
    """What a std::exception_ptr holds: its type, and the text if it derives from what keeps that in one place."""
    thrown = int(pointer["_M_exception_object"])
    if read(thrown - 32, 8) != b"\0++CCUNG":
        return "an exception"
    info = word(thrown - 112)  # the first member of libstdc++'s __cxa_exception, whose size that is
    names = [c_string(word(info + 8)).lstrip("*")]
    while "__si_class_type_info" in gdb.execute(f"info symbol {word(info)}", to_string=True):
        info = word(info + 16)  # of the one base
        names.append(c_string(word(info + 8)))
    name = gdb.execute(f"demangle _ZTI{names[0]}", to_string=True).strip().replace("typeinfo for ", "")
    has_text = "St13runtime_error" in names or "St11logic_error" in names
    return re.sub(r"^weft::v\d+::", "weft::", name) + (f": {c_string(word(thrown + 8))}" if has_text else "")


def location(where):
    """(function, "file:line") of a std::source_location, which is a pointer to them."""
    at = word(int(where.address))
    file = c_string(word(at))
    if gdb.parameter("filename-display") == "basename":
        file = file.rpartition("/")[2]
    # Clang has the signature, GCC that of the actor it makes of a coroutine: the name ends before the first parenthesis.
    noise = r"\(anonymous namespace\)::|\{anonymous\}::|(?<=weft::)v\d+::|<[^<>]*>"
    signature, longer = c_string(word(at + 8)), None
    while signature != longer:
        longer, signature = signature, re.sub(noise, "", signature)
    name = re.search(r"(\S*?)(?<!operator)\(", signature)
    return name[1] if name else signature, f"{file}:{word(at + 16) & 0xffffffff}"


def promise_at(frame, name="promise_base"):
    """Of a coroutine's frame, behind the two functions that it begins with; None without a frame."""
    return to(name, frame + 16) if frame else None


def frame_of(handle):
    return int(handle["_M_fr_ptr"])


def await_chain(promise):
    """(function, "file:line") of each coroutine of a chain, the innermost last."""
    while promise:
        yield location(promise["where_"])
        promise = promise["awaited_"]


def numbered(outermost):
    return ((f"[{i}]", f"{function} at {where}") for i, (function, where) in enumerate(await_chain(outermost)))


def describe_coroutine(kind, promise, state):
    function, where = location(promise["where_"])
    return f"{kind} {function}, {state}" + (f" at {where}" if state in ("suspended", "running") else "")


class Task:
    """A task_core, by its address."""

    def __init__(self, address):
        self.address, self.core = int(address), to("task_core", address)
        bits = int(self.core["id_or_extras_"])
        self.id, self.name = bits >> 1, ""
        if not bits & 1:
            extras = to("task_extras", bits)
            self.id, self.name = int(extras["id"]), std_string(int(extras["name"].address))
        self.name = self.name or f"Task-{self.id}"
        self.title = f"#{self.id} {self.name}"
        self.state = ("ready" if loaded(self.core["queued_"]) else
                      "waiting" if frame_of(self.core["resume_point_"]) else "running")

    def outermost(self):
        """The promise of its outermost coroutine; None if there is none, or its result has taken that one's place."""
        kind = self.core["kind_"].cast(weft_type("task_kind").pointer())
        if not kind["to_body"] or to("future_core", self.address + int(kind["to_future"]))["holds_result_"]:
            return None
        return promise_at(word(self.address + int(kind["to_body"])))

    def wait(self):
        """What it waits for, in words, and the tasks among that."""
        return describe_wait(self.core["waiting_at_"]) if self.state == "waiting" else ("", [])

    def __str__(self):
        text = self.wait()[0]
        return f"task {self.title}, {self.state}" + (f" for {text}" if text else "")


def pending_task(future):
    """The task whose future is at an address; None if it is another kind of future, or done."""
    core = to("future_core", future)
    if not core or enumerator(core["made_by_"]) == "nobody" or enumerator(core["status_"]) != "pending":
        return None
    return Task(core.cast(core.dynamic_type).cast(weft_type("task_core").pointer()))


def describe_wait(waiter):
    """What a waiter waits for, as its wait_kind says (see loop/wait_subject.hpp): in words, and the tasks among that."""
    if not (here := int(waiter)):
        return "something foreign", []
    name, subject = c_string(waiter["kind_"]["name"]), waiter["kind_"]["subject"]
    thing, at = enumerator(subject["what"]), [int(subject["at"][i]) for i in range(4)]
    if thing == "lock":
        holder = word(word(here + at[0]) + at[1])
        return f"{name} held by #{holder}" if holder else name, []
    if thing == "branches":
        branches = [describe_wait(to("waiter", word(here + at[0] + 8 * i))) for i in range(at[1])]
        return f"{name} of " + " | ".join(text for text, _ in branches), [t for _, tasks in branches for t in tasks]
    if thing == "peer" and (stream := word(here + at[0])):
        host, port = std_string(stream + at[1]), word(stream + at[2]) & 0xffff
        return f"{name} {host or c_string(word(stream + at[3]))}" + (f":{port}" if port else ""), []
    tasks = [task for future in awaited_futures(here, thing, at) if (task := pending_task(future))]
    named = ", ".join([task.title for task in tasks[:5]] + ["…"] * (len(tasks) > 5))
    return name if not tasks else f"task {named}" if thing == "future" else f"{name} of {named}", tasks


def awaited_futures(here, thing, at):
    if thing == "future":
        yield word(here + at[0])
    elif thing in ("hooks", "owned_hooks"):
        vector, to_future = (here + at[0], at[1]) if thing == "hooks" else (word(here + at[0]) + at[1], at[2])
        for hook in range(word(vector), word(vector + 8), 8):
            yield word(word(hook) + to_future)
    elif thing == "group":
        head = node = to("list_node", word(here + at[0]) + at[1])
        while (node := node["next_"]) != head:
            yield word(word(int(node) + at[2]) + at[3])


class TaskPrinter:
    """weft::task: its function, and where its chain of awaits stands."""

    def __init__(self, value):
        self.promise = promise_at(frame_of(value["handle_"]))

    def to_string(self):
        if not self.promise:
            return "task, moved from or awaited"
        execution = self.promise["execution_"]
        state = ("created" if not execution else "finished" if word(int(self.promise) - 16) == 0 else  # nothing to resume
                 "suspended" if frame_of(execution["resume_point_"]) else "running")
        return describe_coroutine("task", self.promise, state)

    def children(self):
        return numbered(self.promise) if self.promise and self.promise["awaited_"] else iter(())


class FuturePrinter:
    """weft::future and weft::task_handle: what came of it; until then, what the task does."""

    def __init__(self, value):
        self.state, self.task = value["state_"]["state_"], None
        core = to("future_core", self.state)
        self.status = enumerator(core["status_"]) if core else "moved from"
        if core and enumerator(core["made_by_"]) != "nobody":
            name = gdb.types.get_basic_type(value.type).tag
            state = weft_type(re.sub(r"^.*?\b(future|task_handle)<", "task_state<", name, count=1))
            self.task = Task(self.state.cast(state.pointer()).cast(weft_type("task_core").pointer()))

    def to_string(self):
        if self.task and self.status == "pending":
            return str(self.task)
        return f"task {self.task.title}, {self.status}" if self.task else f"future, {self.status}"

    def children(self):
        if self.task and self.status == "pending":
            yield from numbered(self.task.outermost())
        if self.status != "finished":
            return
        result = self.state["result_"]
        if int(result["error_"]["_M_exception_object"]):
            yield "exception", describe_exception(result["error_"])
        elif gdb.types.has_field(result.type, "value_"):
            yield "value", kept(in_optional(result["value_"]), result.type)


class GeneratorPrinter:
    """weft::generator and weft::async_generator: where it stands, and its present element."""

    def __init__(self, value):
        name = gdb.types.get_basic_type(value.type).tag
        self.kind, arguments = re.match(r".*?\b((?:async_)?generator)(<.*)", name).groups()
        self.promise = self.innermost = promise_at(frame_of(value["handle_"]), f"{self.kind}_promise{arguments}")
        self.stage = enumerator(self.promise["stage_"]) if self.promise else ""
        if self.stage == "delegating":  # to generators of the same elements
            self.innermost = self.promise["other_end_"].cast(self.promise.type)
            self.stage = enumerator(self.innermost["stage_"])

    def to_string(self):
        if not self.promise:
            return f"{self.kind}, moved from"
        return describe_coroutine(self.kind, self.promise, "suspended" if self.stage == "iterating" else self.stage)

    def children(self):
        if not self.promise:
            return
        if self.promise["awaited_"]:
            yield from numbered(self.promise)
        is_async = self.kind == "async_generator"
        if self.promise["holds_element_"] if is_async else self.stage in ("suspended", "iterating"):
            place = self.innermost["place_"]
            yield "element", kept(place["value_"], place.type)
        if not is_async and (returned := self.promise["returned_"]).type.code != gdb.TYPE_CODE_BOOL:
            if (value := in_optional(returned)) is not None:
                yield "result", value


class WeftTasks(gdb.Command):
    """Lists the tasks of weft's event loops: weft-tasks [-s TASK]
Of each: its id and name, its state, what it waits for, where it stands and in which function. With -s, shows one task, by
its id or its name: its chain of awaits, the innermost last, and below it the tasks that it waits for."""

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
        for function, where in await_chain(outermost):
            print(f"{indent}  in {function} at {where}")
        if holder := re.search(r"held by #(\d+)$", text):
            awaited = [other for other in tasks if other.id == int(holder[1])]
        for other in awaited:
            if other.address in shown:
                print(f"{indent}  task {other.title}: see above")
            else:
                self.show(other, tasks, indent + "  ", shown)
        return True


collection = gdb.printing.RegexpCollectionPrettyPrinter("weft")
for names, printer in (("task", TaskPrinter), ("(task_handle|future)", FuturePrinter),
                       ("(async_)?generator", GeneratorPrinter)):
    collection.add_printer(names, rf"^weft::(v\d+::)?{names}<.*>$", printer)
gdb.printing.register_pretty_printer(gdb.current_objfile(), collection, replace=True)
WeftTasks()
