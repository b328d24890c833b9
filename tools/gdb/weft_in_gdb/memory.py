# SPDX-License-Identifier: Apache-2.0
"""The program's memory: its types, and the bytes of what Clang leaves to the debug information of libstdc++."""
import struct

import gdb


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
