# SPDX-License-Identifier: Apache-2.0
"""Fibers that wait: the functions on their stacks."""
import re
import struct

import gdb
from gdb.unwinder import Unwinder, register_unwinder

from .coroutines import shortened, shown_file
from .memory import loaded, read, weft_type, word

MACHINERY = ("weft::", "std::", "_ZN4weft", "_ZNK4weft", "_ZNSt", "weft_switch_stack", "weft_begin_stack", "weft_left_stack")


def is_machinery(frame):
    """By its symbol: what little GCC's -g1 tells of a template's instance leaves out whose it is."""
    symbol = frame.name() or "?"
    if frame.type() != gdb.INLINE_FRAME:
        symbol = gdb.execute(f"info symbol {frame.pc() - 1:#x}", to_string=True)
    name = re.sub(r"decltype ?\([^()]*\)", "", shortened(symbol)).partition("(")[0]  # perhaps behind the type of its result
    return name.split(" + ")[0].rpartition(" ")[2].startswith(MACHINERY)


class ElsewhereUnwinder(Unwinder):
    """While it has a place, it says that the innermost frame was called from there: so gdb unwinds a stack on which no thread
    runs, and of which nothing is known but the stack pointer."""

    class FrameId:
        def __init__(self, sp, pc):
            self.sp, self.pc = sp, pc

    def __init__(self):
        super().__init__("weft-fibers")
        self.enabled, self.place = False, None
        register_unwinder(None, self, replace=True)

    def __call__(self, pending):
        place, self.place = self.place, None  # only the first frame that is asked for is called from elsewhere
        if not place:
            return None
        sp, pc = (gdb.Value(number).cast(gdb.lookup_type("unsigned long")) for number in place)
        info = pending.create_unwind_info(self.FrameId(sp - 16, pc))
        is_x86 = pending.architecture().name().startswith("i386")  # gdb's name for x86-64 begins so as well
        info.add_saved_register("rsp" if is_x86 else "sp", sp)
        info.add_saved_register("rip" if is_x86 else "pc", pc)
        return info

    def frames(self, sp, pc):
        """(function, "file:line", whether it is the library of hooks', whether it is nobody's business), the innermost first."""
        selected, found = gdb.selected_frame(), []
        self.enabled, self.place = True, (sp, pc)
        gdb.invalidate_cached_frames()
        try:
            frame = gdb.newest_frame().older()
            while frame and frame.pc():
                sal, library = frame.find_sal(), gdb.solib_name(frame.pc()) or ""
                where = f"{shown_file(sal.symtab.filename)}:{sal.line}" if sal.symtab else "?"
                found.append((shortened(frame.name() or "?"), where, "libweft_hook.so" in library, is_machinery(frame)))
                frame = frame.older()
        finally:
            self.enabled, self.place = False, None
            gdb.invalidate_cached_frames()
            selected.select()
        return found


UNWINDER = ElsewhereUnwinder()


def functions_on_stacks(promise):
    """(function, "file:line") of each, the innermost last, of the fiber whose promise that is; nothing of another coroutine's."""
    frame = int(promise) - 16
    head = gdb.parse_and_eval("&weft_registry_head").cast(weft_type("registry_head").pointer())
    layout = int(loaded(head["fibers"]))  # see fiber_layout in loop/registry.hpp
    resume, left_at, own, innermost, parent, stack_pointer = struct.unpack("<QQHHHH", read(layout, 24)) if layout else [0] * 6
    if not layout or word(frame) != resume or not (last := word(frame + own)):
        return []
    found, fiber = [], word(frame + innermost)
    while fiber:
        frames = UNWINDER.frames(word(fiber + stack_pointer), left_at + 1)  # as after a call: gdb looks one byte before
        hooked = [i for i, (*_, is_of_hooks, _) in enumerate(frames) if is_of_hooks]
        frames = frames[hooked[-1] + 1 if hooked else 0:]
        users = [i for i, (*_, is_machinery_) in enumerate(frames) if not is_machinery_]
        shown = frames[users[0]:users[-1] + 1] if users else []
        found = [(function, where) for function, where, *_ in reversed(shown)] + found
        fiber = fiber != last and word(fiber + parent)
    return found
