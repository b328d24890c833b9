# SPDX-License-Identifier: Apache-2.0
"""Faults to plant in the engine of the async generators: as in generator_faults.py."""
CORE = "src/coro/async_generator_core.cpp"
CORE_HEADER = "include/weft/coro/async_generator_core.hpp"
GENERATOR = "include/weft/coro/async_generator.hpp"

SOURCES = [CORE]
AWAIT_READY = ("if (verb_ == verb::next) return false;\n    if (verb_ == verb::send) throw generator_not_started();\n"
               "    at = stage::closed;  // the body never runs\n    return true;")

FAULTS = [
    ("an operation beside another is not refused", CORE, "case stage::running:\n            if (verb_ != verb::close ||",
     "case stage::running:\n            return true;\n            if (verb_ != verb::close ||"),
    ("an operation beside another is taken for the end", CORE,
     "case stage::running:\n            if (verb_ != verb::close ||",
     "case stage::running:\n            error_ = nullptr;\n            return true;\n            if (verb_ != verb::close ||"),
    ("a generator counts as suspended while it runs", CORE,
     "    g.stage_ = async_generator_core::stage::running;\n", ""),
    ("send() starts a body that has not begun", CORE, "if (verb_ == verb::send) throw generator_not_started();",
     "if (verb_ == verb::send) return false;"),
    ("send() to a body that has not begun finishes it", CORE, "if (verb_ == verb::send) throw generator_not_started();", ""),
    ("raise() and close() run a body that has not begun", CORE, AWAIT_READY,
     "if (verb_ == verb::send) throw generator_not_started();\n    return false;"),
    ("raise() and close() leave a body that has not begun as it is", CORE,
     "at = stage::closed;  // the body never runs\n", ""),
    ("raise() into a finished generator raises", CORE, "case stage::closed: error_ = nullptr; return true;",
     "case stage::closed: return true;"),
    ("a finished generator is resumed", CORE, "case stage::closed: error_ = nullptr; return true;",
     "case stage::closed: return false;"),
    ("a sent value is lost", CORE, "    g.value_ = value_;\n", ""),
    ("a raised error is lost", CORE, "g.error_ = carried_exception(std::exchange(error_, nullptr));",
     "if (verb_ == verb::close) g.error_ = carried_exception(error_);\n    error_ = nullptr;"),
    ("close() raises nothing", CORE, "if (verb_ == verb::close) error_ = std::make_exception_ptr(generator_exit());", ""),
    ("close() raises another exit", CORE, "if (verb_ == verb::close) error_ = std::make_exception_ptr(generator_exit());",
     "if (verb_ == verb::close) error_ = std::make_exception_ptr(generator_ignored_exit());"),
    ("an error is raised twice", CORE_HEADER,
     "carried_exception::rethrow(std::exchange(error_, carried_exception()));",
     "{\n            std::exception_ptr again = error_.take();\n            error_ = carried_exception(again);\n"
     "            std::rethrow_exception(again);\n        }"),
    ("an error out of the body is lost", CORE, "error_ = std::exchange(g.error_, carried_exception()).take();",
     "std::exchange(g.error_, carried_exception()).take();"),
    ("an error out of the body is its end, when it is raised by next()", CORE,
     "    if (error_) std::rethrow_exception(std::exchange(error_, nullptr));\n    return yielded_;",
     "    if (error_ && verb_ != verb::next) std::rethrow_exception(std::exchange(error_, nullptr));\n    return yielded_;"),
    ("an ignored exit goes unnoticed", CORE,
     'if (yielded_) throw generator_ignored_exit("async generator ignored generator_exit");', ""),
    ("close() lets the exit out", CORE, "} catch (const generator_exit&) {\n        }\n        return false;",
     "} catch (const generator_ignored_exit&) {\n        }\n        return false;"),
    ("close() keeps all errors to itself", CORE, "} catch (const generator_exit&) {\n        }\n        return false;",
     "} catch (...) {\n        }\n        return false;"),
    ("an element is lost", CORE, "yielded_ = g.stage_ == async_generator_core::stage::suspended;", "yielded_ = false;"),
    ("the end is taken for an element", CORE, "yielded_ = g.stage_ == async_generator_core::stage::suspended;",
     "yielded_ = true;"),
    ("a body that has ended does not count as finished", GENERATOR, "        this->finishes();\n", ""),
    ("destructors do not run when a generator is dropped", CORE,
     "if (stage_ != stage::running) return handle().destroy();", "if (stage_ != stage::running) return;"),
    ("state() says created for suspended", GENERATOR, "case stage::suspended: return generator_state::suspended;",
     "case stage::suspended: return generator_state::created;"),
    ("state() says suspended while the body runs", GENERATOR, "case stage::running: return generator_state::running;",
     "case stage::running: return generator_state::suspended;"),
]
