# SPDX-License-Identifier: Apache-2.0
"""Async programs as Python. The names that are called are methods of async_reference.Runtime."""
import python_source
from program import VERBS


class FunctionSource(python_source.FunctionSource):
    definition = "async def"
    # For these two CPython has only one class.
    caught_classes = {**python_source.CAUGHT_CLASSES, "running": "only('running')", "ignored": "only('ignored')"}

    def statement(self, indent, name, site, *rest):
        match name:
            case "pause":
                self.add(indent, "await sleep(0)", f"resumed(F, {site}, None)")
            case "return":
                self.add(indent, f"returns(F, {site}, None)", "return")
            case _ if name in VERBS:
                value = python_source.error(rest[1]) if name == "throw" else rest[1]
                self.add(indent, f"await {name}({rest[0]}, {value})")
            case _:
                super().statement(indent, name, site, *rest)


def source(program):
    return python_source.source(program, FunctionSource)


def readable(program):
    return python_source.readable(program, source)
