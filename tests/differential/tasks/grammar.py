# SPDX-License-Identifier: Apache-2.0
"""How the statements of each family are written; those that are not here have no numbers."""
from tasks.program import NONE
from tasks.writer import COARSE, DEEPEST, Writer

# {what many wait for: [by which statement, and by which one of them goes on]}
CROWDED = {
    "queue": (("get", "put"), ("put", "get")),
    "lock": (("lock", "lock"),),
    "semaphore": (("semaphore", "semaphore"),),
    "bounded_semaphore": (("bounded_semaphore", "bounded_semaphore"),),
}


class Grammar(Writer):
    def spawn_eager(self, depth):
        return self.spawn(depth, "spawn_eager")

    # futures

    def set_result(self, _):
        return [self.statement("set_result", self.future())]

    def set_exception(self, _):
        return [self.statement("set_exception", self.future())]

    # combining

    def of_several(self, name, *numbers):
        """It awaits whatever there is, or tasks made for it."""
        if not self.may_spawn() or self.dice.chance(0.5):
            return self.spaced_out([self.statement(name, *numbers, *self.several_awaited())])
        spawns, made = self.some_tasks(lambda: self.sleep(0) + (self.raise_(0) if self.dice.chance(0.2) else []))
        return spawns + self.spaced_out([self.statement(name, *numbers, *made)])

    def gather(self, _):
        return self.of_several("gather")

    def gather_settled(self, _):
        return self.of_several("gather_settled")

    def shield(self, _):
        return self.spaced_out([self.statement("shield", self.awaited())])

    def wait(self, _):
        return self.of_several("wait", self.dice.below(3), self.duration_or_none(0.6))

    def as_completed(self, _):
        return self.of_several("as_completed", self.duration_or_none(0.6), self.duration_or_none(0.5))

    # timing

    def timeout(self, depth):
        return self.limited("timeout", self.duration_or_none(), depth)

    def timeout_at(self, depth):
        when = self.duration_or_none()
        return self.limited("timeout_at", when if self.racing or when == NONE else when + self.dice.below(8) * COARSE, depth)

    def limited(self, name, duration, depth):
        number = len(self.timeouts)
        self.timeouts.append(number)
        block = self.inner(depth)
        if self.dice.chance(0.3):
            block.insert(self.dice.below(len(block) + 1), self.statement("reschedule", number, self.duration_or_none()))
        return [self.statement(name, number, duration, blocks=[block])]

    def reschedule(self, _):
        if not self.timeouts:
            return []
        return [self.statement("reschedule", self.dice.pick(self.timeouts), self.duration_or_none())]

    def wait_for(self, _):
        return [self.statement("wait_for", self.awaited(), self.duration_or_none())]

    def wait_for_block(self, depth):
        return [self.statement("wait_for_block", self.duration_or_none(), blocks=[self.inner(depth)])]

    # groups

    def group(self, depth):
        number = len(self.groups)
        self.groups.append(number)
        block = self.spawn(depth, "spawn_in", number) + self.inner(depth)
        return self.spaced_out([self.statement("group", number, blocks=[block])])

    def spawn_in(self, depth):
        if not self.groups:
            return self.group(depth)
        number = self.groups[-1] if self.dice.chance(0.8) else self.dice.pick(self.groups)
        return self.spawn(depth, "spawn_in", number)

    # locks and the like

    def one_of(self, kind, name, *numbers):
        return [self.statement(name, self.which(kind), *numbers)]

    def holding(self, kind, depth):
        return [self.statement(kind, self.which(kind), blocks=[self.sleep(0) + self.inner(depth)])]

    def crowd(self, _):
        """Tasks that wait for the same thing. One of them is cancelled just before or after it might have got it."""
        kind = self.dice.pick([kind for kind in CROWDED if self.things[kind]])
        which = self.which(kind)
        wait, act = self.dice.pick(CROWDED[kind])

        def inner():
            return [self.sleep(0)] if wait == kind else ()

        spawns, made = self.some_tasks(lambda: [self.statement(wait, which, blocks=inner())])
        spawns += self.sleep(0)
        if not made:
            return spawns
        cancel = [self.statement("cancel", self.dice.pick(made), 0)]
        if act == kind:  # it is held until they have come
            return [self.statement(act, which, blocks=[spawns])] + cancel + self.sleep(0)
        acts = [self.statement(act, which)]
        return spawns + (acts + cancel if self.dice.chance(0.7) else cancel + acts) + self.sleep(0)

    def lock(self, depth):
        return self.holding("lock", depth)

    def semaphore(self, depth):
        return self.holding("semaphore", depth)

    def bounded_semaphore(self, depth):
        return self.holding("bounded_semaphore", depth)

    def semaphore_release(self, _):
        return self.one_of("semaphore", "semaphore_release")

    def event_wait(self, _):
        return self.spaced_out(self.one_of("event", "event_wait"))

    def event_set(self, _):
        return self.one_of("event", "event_set")

    def event_clear(self, _):
        return self.one_of("event", "event_clear")

    def condition(self, depth):
        which = self.which("condition")
        if which in self.conditions:
            return self.condition_wait(depth)
        outside, self.conditions = self.conditions, [*self.conditions, which]
        block = self.dice.pick((self.condition_wait, self.condition_notify, self.condition_wait_for))(depth)
        block += self.inner(depth)
        self.conditions = outside
        return [self.statement("condition", which, blocks=[block])]

    def within_condition(self, name, depth, *numbers):
        if not self.conditions:
            return self.condition(depth)
        return [self.statement(name, self.dice.pick(self.conditions), *numbers)]

    def condition_wait(self, depth):
        return self.within_condition("condition_wait", depth)

    def condition_wait_for(self, depth):
        return self.within_condition("condition_wait_for", depth, 1 + self.dice.below(2))

    def condition_notify(self, depth):
        return self.within_condition("condition_notify", depth, self.dice.below(3))

    def barrier_wait(self, _):
        return self.spaced_out(self.one_of("barrier", "barrier_wait"))

    def barrier_reset(self, _):
        return self.one_of("barrier", "barrier_reset")

    def barrier_abort(self, _):
        return self.one_of("barrier", "barrier_abort")

    def look_at_barrier(self, _):
        return self.one_of("barrier", "look_at_barrier")

    # queues: between two acts there is a pause, so that whoever was woken can run; callbacks only do one

    def on_queue(self, name):
        block = self.one_of("queue", name)
        if self.in_callback:
            return block
        yields = self.statement("sleep", 0)
        pause = self.sleep(0) if not self.racing or self.dice.chance(0.3) else []
        return [yields] * self.racing + block + (pause or [yields])

    def put(self, _):
        return self.on_queue("put")

    def get(self, _):
        return self.on_queue("get")

    def try_put(self, _):
        return self.on_queue("try_put")

    def try_get(self, _):
        return self.on_queue("try_get")

    def join(self, _):
        return self.spaced_out(self.one_of("queue", "join"))

    def task_done(self, _):
        return self.one_of("queue", "task_done")

    def shutdown(self, _):
        return self.one_of("queue", "shutdown", self.dice.below(2))

    def look_at_queue(self, _):
        return self.one_of("queue", "look_at_queue")

    # contexts

    def spawn_sharing(self, depth):
        return self.spawn(depth, "spawn_sharing")

    def var_get(self, _):
        return [self.statement("var_get", self.dice.below(3))]

    def var_set(self, _):
        return self.often_undone([self.statement("var_set", self.dice.below(3))], "var_reset")

    # callbacks

    def calling(self, name, made, *numbers):
        one = self.statement(name, *numbers, blocks=[self.action_block()])
        made.append(one.site)
        return [one]

    def call_soon(self, _):
        return self.often_undone(self.calling("call_soon", self.calls), "cancel_call")

    def call_later(self, _):
        duration = self.duration()
        if duration is None:
            return []
        return self.often_undone(self.calling("call_later", self.calls, duration), "cancel_call")

    def done_callback(self, _):
        return self.often_undone(self.calling("done_callback", self.done_callbacks, self.awaited()), "remove_callback")

    def cancel_call(self, _):
        return [self.statement("cancel_call", self.dice.pick(self.calls))] if self.calls else []

    def remove_callback(self, _):
        return [self.statement("remove_callback", self.dice.pick(self.done_callbacks))] if self.done_callbacks else []


def write(seed):
    return Grammar(seed).program()
