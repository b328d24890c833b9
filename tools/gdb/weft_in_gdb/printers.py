# SPDX-License-Identifier: Apache-2.0
"""How tasks, their handles, futures and generators print."""
import re

import gdb
import gdb.printing
import gdb.types

from .coroutines import describe_coroutine, frame_of, numbered, promise_at
from .memory import c_string, enumerator, in_optional, kept, read, to, weft_type, word
from .tasks import Task


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


def register():
    """For the library that is being loaded; where the script is sourced by hand, for all."""
    collection = gdb.printing.RegexpCollectionPrettyPrinter("weft")
    for names, printer in (("task", TaskPrinter), ("(task_handle|future)", FuturePrinter),
                           ("(async_)?generator", GeneratorPrinter)):
        collection.add_printer(names, rf"^weft::(v\d+::)?{names}<.*>$", printer)
    gdb.printing.register_pretty_printer(gdb.current_objfile(), collection, replace=True)
