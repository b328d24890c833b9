# SPDX-License-Identifier: Apache-2.0
"""Tasks: what they are called, what they do, and what they wait for."""
from .coroutines import frame_of, promise_at
from .memory import c_string, enumerator, loaded, std_string, to, weft_type, word


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
    if not waiter["kind_"]:  # what gdb writes as a core file may leave out a fiber's stack
        return "what is not in this file", []
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
