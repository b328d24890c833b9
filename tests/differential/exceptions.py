# SPDX-License-Identifier: Apache-2.0
"""Exceptions as CPython prints them, and as weft does: random trees of groups and causes must look the same.

    exceptions.py --printer PROGRAM [--count N] [--seed S]

A tree is a line of words: `error MESSAGE`, `group MESSAGE COUNT exception…`, `cause exception exception` (the second was
thrown for the first). A `/` in a message is a new line, `-` no message.
"""
import argparse
import random
import subprocess
import sys
import traceback


class runtime_error(Exception):
    pass


class exception_group(ExceptionGroup):
    pass


runtime_error.__module__ = "std"
exception_group.__module__ = "weft"
MESSAGES = ["-", "no", "a/b", "one:two", "x/", "//"]


def random_tree(dice, depth):
    """The words of an exception, and the exception."""
    kind = dice.random()
    if kind < 0.15 and depth < 14:
        words_of_cause, cause = random_tree(dice, depth + 1)
        words, error = random_tree(dice, depth + 1)
        if error.__cause__ is None:  # one has one cause
            error.__cause__ = cause
            return ["cause", *words_of_cause, *words], error
        return words, error
    message = dice.choice(MESSAGES)
    text = "" if message == "-" else message.replace("/", "\n")
    if kind < 0.5 and depth < 14:
        width = 17 if dice.random() < 0.02 else dice.choice([1, 1, 2, 3])
        members = [random_tree(dice, depth + (1 if width < 17 else 14)) for _ in range(width)]
        if message == "-":
            message, text = "group", "group"
        words = [word for member, _ in members for word in member]
        return ["group", message, str(width), *words], exception_group(text, [error for _, error in members])
    return ["error", message], runtime_error(text)


def deep_tree(depth):
    words, error = ["error", "deepest"], runtime_error("deepest")
    for level in range(depth):
        words, error = ["group", str(level), "1", *words], exception_group(str(level), [error])
    return words, error


def printed_by_python(error):
    text = "".join(traceback.format_exception(error))
    return text.replace("std.runtime_error", "std::runtime_error").replace("weft.exception_group", "weft::exception_group")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--printer", required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    dice = random.Random(options.seed)
    trees = [deep_tree(depth) for depth in range(15)] + [random_tree(dice, 0) for _ in range(options.count)]
    given = "".join(" ".join(words) + "\n" for words, _ in trees)
    printed = subprocess.run([options.printer], input=given, capture_output=True, text=True, check=True).stdout
    answers = printed.split("\f\n")[:-1]
    if len(answers) != len(trees):
        sys.exit(f"{len(trees)} exceptions were given, and {len(answers)} printed")
    for (words, error), answer in zip(trees, answers):
        wanted = printed_by_python(error)
        if answer != wanted:
            sys.exit(f"{' '.join(words)}\n--- CPython\n{wanted}--- weft\n{answer}")
    print(f"{len(trees)} exceptions, printed alike")


if __name__ == "__main__":
    main()
