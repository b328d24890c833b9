#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same session with Debian's redis-server and with mini_redis must give the same bytes.

Aside from: INFO and COMMAND (the same type of reply), SMEMBERS, KEYS and HGETALL (the same members in any order), TTL
and PTTL (within a second), CLIENT ID, INFO and LIST (the same type).
"""
import collections
import shlex
import shutil
import subprocess
import time

from harness import (Failure, check, encode, run, start_mini_redis, start_redis, values, wait_until)
from session_script import COMMANDS, NEVER_FAIL, SCRIPTS

errors_seen = collections.Counter()
commands_seen = set()


def comparable(words, reply):
    """What of a reply must be the same."""
    name = words[0].lower()
    kind = reply[:1]
    if kind == b"-":
        return reply
    if name in ("info", "command") or (name == "client" and words[1].lower() in ("id", "info", "list")):
        return kind
    if name in ("smembers", "keys") and kind == b"*":
        return sorted(values(reply))
    if name == "hgetall" and kind == b"*":
        flat = values(reply)
        return sorted(zip(flat[::2], flat[1::2]))
    return reply


def same(words, expected, actual):
    if words[0].lower() in ("ttl", "pttl") and expected[:1] == actual[:1] == b":":
        left, right = int(expected[1:]), int(actual[1:])
        allowed = 1 if words[0].lower() == "ttl" else 1000
        return (left < 0) == (right < 0) and abs(left - right) <= allowed
    return comparable(words, expected) == comparable(words, actual)


def note(words, reply):
    name = words[0].lower()
    commands_seen.add(name)
    if reply.startswith(b"-"):
        errors_seen[name] += 1


class Pair:
    """The same connection to both servers."""

    def __init__(self, redis, mini):
        self.clients = [redis.client(), mini.client()]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for client in self.clients:
            client.close()

    def send(self, data):
        for client in self.clients:
            client.send(data)

    def expect(self, *words, replies=1):
        """The next replies, to the command given, must be the same."""
        for _ in range(replies):
            expected, actual = (client.reply() for client in self.clients)
            note(words, expected)
            if not same(words, expected, actual):
                said = " ".join(map(str, words))
                raise Failure(f"{said}\n    redis-server: {expected!r}\n    mini_redis:   {actual!r}")

    def ask(self, *words, replies=1):
        self.send(encode(*words))
        self.expect(*words, replies=replies)

    def expect_end(self, what):
        expected, actual = (client.rest() for client in self.clients)
        if expected != actual:
            raise Failure(f"{what!r}, then the end\n    redis-server: {expected!r}\n    mini_redis:   {actual!r}")

    def expect_silence(self):
        for name, client in zip(("redis-server", "mini_redis"), self.clients):
            check(client.is_silent(), f"{name} sent something: {client.buffer!r}")


def replies_to(words):
    """(UN)SUBSCRIBE answers once for each name."""
    subscribing = words[0].lower().removeprefix("p") in ("subscribe", "unsubscribe")
    return max(1, len(words) - 1) if subscribing else 1


def play(redis, mini, script):
    with Pair(redis, mini) as pair:
        for line in script.strip().splitlines():
            words = shlex.split(line, comments=True)
            if not words:
                continue
            if words[0] == "RECONNECT":
                for old in pair.clients:
                    old.close()
                pair.clients = [redis.client(), mini.client()]
            elif words[0] == "ONE-REPLY":  # queued, or refused
                pair.ask(*words[1:])
            elif words[0] == "WAIT":
                time.sleep(float(words[1]))
            elif words[0].lower() == "quit":
                pair.send(encode(*words))
                pair.expect(*words)
                pair.expect_end(line)
                pair.clients = [redis.client(), mini.client()]
            else:
                pair.ask(*words, replies=replies_to(words))


def both(case):
    """Gives a case one of each server."""
    def started(path):
        with start_redis() as redis, start_mini_redis(path) as mini:
            case(redis, mini)
    started.__name__ = case.__name__
    return started


@both
def scripted_sessions(redis, mini):
    for name, script in SCRIPTS.items():
        try:
            play(redis, mini, script)
        except Failure as failure:
            raise Failure(f"{name}: {failure}") from None
    missing = {name for name in COMMANDS if name not in commands_seen}
    check(not missing, f"the scripts do not cover {missing}")
    few = {name: errors_seen[name] for name in COMMANDS if errors_seen[name] < 3 and name not in NEVER_FAIL}
    check(not few, f"fewer than three error replies: {few}")


@both
def publish_and_subscribe(redis, mini):
    with Pair(redis, mini) as listener, Pair(redis, mini) as other, Pair(redis, mini) as publisher:
        listener.ask("SUBSCRIBE", "news", "sport", "news", replies=3)
        listener.ask("PSUBSCRIBE", "n*", "h[ae]llo", "x\\*y", replies=3)
        other.ask("PSUBSCRIBE", "*")
        for channel in ("news", "sport", "hello", "hallo", "hollo", "n", "x*y", "xzy", "nobody"):
            publisher.ask("PUBLISH", channel, "message on " + channel)
        publisher.ask("PUBLISH", "news", b"\r\n\0 binary \xff")
        for _ in range(2):  # news: by its name and by n*
            listener.expect("PUBLISH")
        for _ in range(8):  # sport, hello, hallo, n, x*y, nobody, and news twice again
            listener.expect("PUBLISH")
        for _ in range(10):
            other.expect("PUBLISH")
        listener.expect_silence()
        listener.ask("PING")
        listener.ask("PING", "there?")
        listener.ask("UNSUBSCRIBE", "news", "never", replies=2)
        listener.ask("PUNSUBSCRIBE", "n*")
        publisher.ask("PUBLISH", "news", "unheard by the first")
        listener.expect_silence()
        publisher.ask("PUBLISH", "sport", "heard by both")
        listener.expect("PUBLISH")
        listener.ask("UNSUBSCRIBE")
        listener.ask("PUNSUBSCRIBE", "h[ae]llo", "x\\*y", replies=2)
        listener.ask("UNSUBSCRIBE")
        listener.ask("PUNSUBSCRIBE")
        listener.ask("GET", "free-again")
        # A pipeline of messages comes in order.
        other.expect("PUBLISH"), other.expect("PUBLISH")
        publisher.send(b"".join(encode("PUBLISH", "many", i) for i in range(1000)))
        publisher.expect("PUBLISH", replies=1000)
        other.expect("PUBLISH", replies=1000)
        # Subscribed within a transaction, which then publishes to itself.
        publisher.ask("MULTI")
        publisher.send(encode("SUBSCRIBE", "self") + encode("PUBLISH", "self", "hi") + encode("PING") + encode("EXEC"))
        publisher.expect("MULTI", replies=3)
        # EXEC's array holds the replies of several commands, and the message among them: no reply to count by.
        redis_bytes, mini_bytes = (client.until_silent() for client in publisher.clients)
        check(redis_bytes == mini_bytes, f"EXEC with SUBSCRIBE: {redis_bytes!r} and {mini_bytes!r}")
    with Pair(redis, mini) as publisher:
        def nobody():
            publisher.send(encode("PUBLISH", "news", "gone"))
            return [c.reply() for c in publisher.clients] == [b":0\r\n"] * 2
        wait_until(nobody, "subscribers that are gone still count")


@both
def transactions_are_not_interrupted(redis, mini):
    with Pair(redis, mini) as first, Pair(redis, mini) as second:
        first.ask("MULTI")
        first.ask("INCR", "counter")
        second.ask("SET", "counter", "10")
        first.ask("GET", "counter")
        second.ask("GET", "counter")
        first.ask("EXEC")
        second.ask("GET", "counter")
        first.ask("MULTI")
        first.ask("SET", "counter", "lost")
    with Pair(redis, mini) as third:
        third.ask("GET", "counter")


@both
def pipelines_in_pieces(redis, mini):
    requests = b"".join([
        encode("SET", "k", "v" * 300), encode("GET", "k"), encode("NO", "SUCH"), b"PING inline\r\n",
        encode("INCR", "n"),
        encode("RPUSH", "l", *range(50)), encode("LRANGE", "l", 0, -1), b"\r\n", b"*0\r\n",
        encode("DEL", "k", "l", "n")])
    with Pair(redis, mini) as pair:
        for size in (1, 2, 3, 7, 64, 333, len(requests)):
            for at in range(0, len(requests), size):
                pair.send(requests[at:at + size])
            pair.expect("PIPELINE", replies=8)
        pair.send(requests * 200)
        pair.expect("PIPELINE", replies=8 * 200)
        pair.expect_silence()
        big = b"x" * (3 << 20)
        pair.ask("SET", "big", big)
        pair.ask("GET", "big")
        pair.ask("APPEND", "big", big)
        pair.ask("MGET", "big", "big", "big")
        pair.ask("STRLEN", "big")


@both
def inline_commands(redis, mini):
    lines = [
        b"PING", b"ping", b"  PING  hello ", b"SET a b", b"GET a", b"GET\ta", b'SET q "a b\\x41\\n\\t\\"\\\\\\q"',
        b"GET q",
        b"SET q 'a \\'b\\' \\n'", b"GET q", b'SET "q q" ""', b'GET "q q"', b'SET q a"b c"', b"GET q", b"GET",
        b"NOPE a b",
        b'ECHO "\\xzz\\x4"', b"ECHO 'unusual\x01'", b"MGET a q none"]
    with Pair(redis, mini) as pair:
        for line in lines:
            for end in (b"\r\n", b"\n"):
                pair.send(line + end)
                pair.expect("INLINE " + line.decode())
        pair.send(b"\r\n\n  \r\n\r\r\nPING\r\n")
        pair.expect("INLINE")
        pair.expect_silence()


@both
def protocol_errors(redis, mini):
    bad = [
        b"*\r\n", b"*abc\r\n", b"*99999999999999999999\r\n", b"*01\r\n", b"*+1\r\n", b"* 1\r\n", b"*1x\r\n",
        b"*1.5\r\n",
        b"*1\n$4\r\nPING\r\n", b"*1\r\n+PING\r\n", b"*1\r\n\r\n", b"*1\r\nPING\r\n", b"*1\r\n:1\r\n", b"*1\r\n*1\r\n",
        b"*1\r\n$-1\r\n", b"*1\r\n$abc\r\n", b"*1\r\n$\r\n", b"*1\r\n$536870913\r\n", b"*1\r\n$04\r\nPING\r\n",
        b"*1\r\n$4x\r\n", b"*2\r\n$3\r\nGET\r\n$-1\r\n", b'GET "a\r\n', b"GET 'a\r\n", b'GET "a"b\r\n', b"GET 'a'b\r\n",
        encode("SET", "a", "b") + b"*1\r\n+x\r\nPING\r\n", encode("PING") + b'PING "\r\n' + encode("PING"),
        b"a" * 65537, b"*" + b"1" * 65537, b"*1\r\n$" + b"1" * 65537, b"*1\r\n" + b"1" * 65537,
        b"POST / HTTP/1.1\r\nHost: example\r\n\r\n", encode("host:", "a"),
    ]
    for each in bad:
        with Pair(redis, mini) as pair:
            pair.send(each)
            pair.expect_end(each[:60])
    harmless = [b"*0\r\n", b"*-1\r\n", b"*-5\r\n", b"\r\n", b"*1\r\n$4\r\nPINGxx", b"*1\rx$4\r\rPING\r\n"]
    with Pair(redis, mini) as pair:
        for each in harmless:
            pair.send(each)
        pair.expect("PINGxx")
        pair.expect("*1\\rx")
        pair.ask("PING")
        pair.expect_silence()


@both
def redis_cli(redis, mini):
    """The real client, fed through a pipe."""
    script = """
        PING
        SET greeting "hello, world"
        GET greeting
        SET counter 41
        INCR counter
        INCR greeting
        MSET a 1 b 2
        MGET a b none
        LPUSH list three two one
        LRANGE list 0 -1
        LPOP list 2
        HSET h field value
        HGETALL h
        SADD s member
        SMEMBERS s
        TYPE list
        TYPE nothing
        EXPIRE a 100
        TTL nothing
        PERSIST a
        GET list
        NOSUCH command here
        SET a 1 EX
        MULTI
        INCR counter
        GET counter
        EXEC
        EXEC
        MULTI
        NOSUCH
        EXEC
        SELECT 0
        CONFIG GET save
        CLIENT SETNAME me
        CLIENT GETNAME
        DBSIZE
        DEL a b list
        EXISTS a b greeting
        ECHO "quoted \\" and \\x41"
        FLUSHALL
        KEYS *
        DBSIZE
    """
    outputs = []
    for server in (redis, mini):
        for style in ("--raw", "--no-raw"):
            done = subprocess.run(["redis-cli", "-p", str(server.port), style], input=script.encode(),
                                  capture_output=True,
                                  timeout=60, check=False)
            check(done.returncode == 0, f"redis-cli against {server.name}: {done.stderr!r}")
            outputs.append(done.stdout.decode())
    check(outputs[0].count("\n") > 40, f"redis-cli printed little: {outputs[0]}")
    for expected, actual in ((outputs[0], outputs[2]), (outputs[1], outputs[3])):
        for left, right in zip(expected.splitlines() + ["end"], actual.splitlines() + ["end"]):
            check(left == right, f"redis-cli prints {right!r}, with redis-server {left!r}")
    # Mass insertion, as the manual recommends it.
    mass = b"".join(encode("SET", f"key{i}", i) for i in range(5000))
    done = subprocess.run(["redis-cli", "-p", str(mini.port), "--pipe"], input=mass, capture_output=True, timeout=60,
                          check=False)
    check(b"errors: 0, replies: 5000" in done.stdout, f"redis-cli --pipe: {done.stdout!r} {done.stderr!r}")
    done = subprocess.run(["redis-cli", "-p", str(mini.port), "COMMAND", "DOCS"], capture_output=True, timeout=60,
                          check=False)
    check(done.returncode == 0 and b"ERR" not in done.stdout, f"COMMAND DOCS: {done.stdout!r}")
    done = subprocess.run(["redis-cli", "-p", str(mini.port), "INFO", "server"], capture_output=True, timeout=60,
                          check=False)
    check(b"redis_version:7.0.15" in done.stdout, f"INFO: {done.stdout!r}")


@both
def redis_benchmark(_, mini):
    check(shutil.which("redis-benchmark"), "redis-benchmark is not installed")
    tests = "ping_inline,ping_mbulk,set,get,incr,lpush,rpush,lpop,rpop,sadd,hset,lrange_100,lrange_600,mset"
    for pipeline in ("16", "1"):
        done = subprocess.run(["redis-benchmark", "-p", str(mini.port), "-n", "2000", "-P", pipeline, "-q", "-t",
                               tests],
                              capture_output=True, timeout=300, check=False)
        output = done.stdout.decode()
        check(done.returncode == 0, f"redis-benchmark: {output} {done.stderr!r}")
        check("rror" not in output and b"rror" not in done.stderr, f"redis-benchmark: {output} {done.stderr!r}")
        check(output.count("requests per second") >= len(tests.split(",")), f"redis-benchmark: {output}")
    with mini.client() as client:
        check(client.ask("PING") == b"+PONG\r\n", "no PONG after redis-benchmark")


@both
def keys_expire_on_time(_, mini):
    """By the timer, not only when somebody looks: DBSIZE does not look."""
    with mini.client() as client:
        for i in range(100):
            client.ask("SET", f"k{i}", i, "PX", 50 + i)
        client.ask("SET", "later", "x", "EX", 1000)
        client.ask("SET", "stays", "x")
        check(client.ask("GET", "k99") == b"$2\r\n99\r\n", "expired early")
        wait_until(lambda: client.ask("DBSIZE") == b":2\r\n", lambda: f"left: {client.ask('KEYS', '*')!r}")
        client.ask("PEXPIRE", "later", 30)
        wait_until(lambda: client.ask("DBSIZE") == b":1\r\n", "a deadline moved forward was not noticed")
        client.ask("SET", "kept", "x", "PX", 30)
        client.ask("PERSIST", "kept")
        time.sleep(0.1)
        check(client.ask("DBSIZE") == b":2\r\n", "PERSIST did not keep the key")


if __name__ == "__main__":
    run([scripted_sessions, publish_and_subscribe, transactions_are_not_interrupted, pipelines_in_pieces,
         inline_commands,
         protocol_errors, redis_cli, redis_benchmark, keys_expire_on_time], __doc__)
