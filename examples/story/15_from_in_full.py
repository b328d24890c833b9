# SPDX-License-Identifier: Apache-2.0
# New: all that `yield from` stands for, written out (PEP 380). Whatever is done to the outer generator reaches the inner
# one: asked, sent, raised in, closed. The same things are then done to the real one; the two logs must be equal.

events = []


def inner():
    for n in range(1, 4):
        try:
            sent = yield n
            events.append("inner is asked" if sent is None else f"inner is sent {sent}")
        except ValueError as e:
            events.append(f"inner catches {e}")
        except GeneratorExit:
            events.append("inner is closed")
            raise
    return 4


def in_full():
    to = inner()
    try:
        item = next(to)
        while True:
            sent = error = None
            try:
                sent = yield item
            except GeneratorExit:
                to.close()
                raise
            except BaseException as e:
                error = e
            item = to.throw(error) if error else next(to) if sent is None else to.send(sent)
    except StopIteration as end:
        return end.value


def by_from():
    return (yield from inner())


def interview(made):
    """Does to a generator all that can be done."""
    events.clear()

    def note(act, *args):
        try:
            events.append(f"yields {act(*args)}")
        except StopIteration as end:
            events.append(f"returns {end.value}")

    patient, fragile, closed = made(), made(), made()
    note(next, patient)
    note(patient.send, 7)
    note(patient.throw, ValueError("a slip"))
    note(next, patient)
    note(next, fragile)
    try:
        fragile.throw(RuntimeError("a fault"))
    except RuntimeError as e:
        events.append(f"throws {e}")
    note(next, closed)
    closed.close()
    return events.copy()


written_out = interview(in_full)
print(*written_out, sep="\n")
print("from: the same" if interview(by_from) == written_out else "from: something else")
