# SPDX-License-Identifier: Apache-2.0
"""What statements there are and how often they are written. (In Python names that are keywords end with an underscore.)"""
from typing import NamedTuple


class Family(NamedTuple):
    """Statements that a program takes together."""
    weights: dict
    things: dict = {}  # {kind: the greatest number of one of that kind}
    actions: tuple = ()  # of the statements, those that callbacks do as well


ALWAYS = dict(sleep=16, try_=11, finally_=6, spawn=12, await_=8, cancel=9, raise_=4, return_=2, look=2)
MORE_IN_RACES = dict(sleep=8, cancel=14, look=6)
BLOCKS = {"try_", "finally_", "spawn", "spawn_eager", "spawn_sharing", "timeout", "timeout_at", "wait_for_block", "group",
          "crowd", "spawn_in", "lock", "semaphore", "bounded_semaphore", "condition"}

# Not written where a condition is held: a task that waits for a condition's lock again cannot be cancelled, and if who has
# the lock could only be ended by ending that task, the program would never end. (For the same reason it has one condition.)
WAITING_FOR_TASKS = {"await_", "gather", "gather_settled", "group", "spawn_in", "wait_for", "wait_for_block", "barrier_wait"}

FAMILIES = {
    "tasks": Family(dict(spawn_eager=10, uncancel=6)),
    "futures": Family(dict(set_result=8, set_exception=3), {"future": 1}, ("set_result", "set_exception")),
    "gathering": Family(dict(gather=9, gather_settled=4, raise_=8)),
    "shielding": Family(dict(shield=10)),
    "waiting": Family(dict(wait=8, as_completed=5, raise_=8)),
    "timeouts": Family(dict(timeout=12, timeout_at=3, reschedule=5), actions=("reschedule",)),
    "wait_for": Family(dict(wait_for=11, wait_for_block=7)),
    "groups": Family(dict(group=12, spawn_in=16)),
    "locks": Family(dict(lock=18, look_at_locks=3, crowd=3), {"lock": 1}, ("look_at_locks",)),
    "events": Family(dict(event_wait=10, event_set=6, event_clear=3), {"event": 1}, ("event_set", "event_clear")),
    "conditions": Family(dict(condition=16, condition_wait=9, condition_wait_for=3, condition_notify=9), {"condition": 1}),
    "semaphores": Family(dict(semaphore=18, semaphore_release=2, look_at_locks=3, crowd=3), {"semaphore": 2},
                         ("semaphore_release", "look_at_locks")),
    "bounded_semaphores": Family(dict(bounded_semaphore=18, look_at_locks=3, crowd=3), {"bounded_semaphore": 2}, ("look_at_locks",)),
    "barriers": Family(dict(barrier_wait=14, barrier_reset=2, barrier_abort=1, look_at_barrier=2), {"barrier": 3},
                       ("look_at_barrier",)),
    "queues": Family(dict(put=9, get=14, try_put=3, try_get=3, join=3, task_done=4, look_at_queue=2, crowd=4), {"queue": 9},
                     ("try_put", "try_get", "task_done", "look_at_queue")),
    "queues that shut down": Family(dict(put=9, get=12, try_put=3, try_get=3, join=3, task_done=3, shutdown=2, crowd=4), {"queue": 9},
                                    ("try_put", "try_get", "task_done", "shutdown")),
    "contexts": Family(dict(var_get=7, var_set=7, var_reset=4, spawn_sharing=4, call_later=5, done_callback=4),
                       actions=("var_get",)),
    "callbacks": Family(dict(call_soon=5, call_later=6, cancel_call=3, done_callback=7, remove_callback=2)),
}
ACTIONS = {"cancel", "look"}.union(*(family.actions for family in FAMILIES.values()))

# The first Python that has it, or that does what 3.13 does: see README.md.
FIRST_PYTHON = {**dict.fromkeys(("gathering", "wait_for", "spawn_sharing"), (3, 12)),
                **dict.fromkeys(("tasks", "groups", "conditions", "queues that shut down"), (3, 13))}
