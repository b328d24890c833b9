# SPDX-License-Identifier: Apache-2.0
"""What is said to both servers, a request a line. RECONNECT starts a new connection, WAIT sleeps; ONE-REPLY marks a
(UN)SUBSCRIBE that is queued or refused, and so answered once."""

COMMANDS = """
    ping echo set get getset mset mget del exists expire pexpire ttl pttl persist incr decr incrby append strlen
    lpush rpush lpop rpop llen lrange hset hget hdel hgetall hlen sadd srem smembers sismember scard keys dbsize
    flushall type subscribe psubscribe publish unsubscribe punsubscribe multi exec discard quit command info
    client config select
""".split()

# Whatever they are given, and wherever.
NEVER_FAIL = {"quit", "unsubscribe", "punsubscribe"}

TOO_FEW = """
    echo set get getset mset mget del exists expire pexpire ttl pttl persist incr decr incrby append strlen
    lpush rpush lpop rpop llen lrange hset hget hdel hgetall hlen sadd srem smembers sismember scard keys type
    publish client config select subscribe psubscribe
""".split()
TOO_MANY = """
    get getset ttl pttl persist incr decr incrby append strlen lpop rpop llen lrange hget hgetall hlen smembers
    sismember scard keys dbsize type publish multi exec discard echo ping select
""".split()

# Too few and too many arguments for everybody, in and out of transactions; and what a subscriber may not do.
GENERAL = ["FLUSHALL"]
for _name in TOO_FEW:
    GENERAL += [f"ONE-REPLY {_name}", "MULTI", f"ONE-REPLY {_name}", "EXEC"]
for _name in TOO_MANY:
    GENERAL += [f"{_name} a b c d e f g h i"]
GENERAL += ["SUBSCRIBE c"]
for _name in COMMANDS:
    if _name in NEVER_FAIL or _name in ("subscribe", "psubscribe", "client", "config", "command", "ping"):
        continue
    GENERAL += [f"{_name} a", f"{_name} a b", f"{_name} a b c", f"{_name} a b c d"]
GENERAL += [each.strip() for each in """
    get; foo; foo bar; multi; exec; exec x; discard; client getname; client foo; config get x; command count;
    dbsize; info; INFO server; info a b; flushall; flushall async; ping; ping a; ping a b; ping a b c;
    SUBSCRIBE d; UNSUBSCRIBE d; unsubscribe c; get free
""".split(";")]

WRONG_TYPES = ["FLUSHALL", "SET string x", "RPUSH list x", "HSET hash f v", "SADD set m"]
for _key, _commands in {
    "string": """
        lpush {} a; rpush {} a; lpop {}; rpop {}; lpop {} 1; rpop {} 0; llen {}; lrange {} 0 1; hset {} f v;
        hget {} f; hdel {} f; hgetall {}; hlen {}; sadd {} a; srem {} a; smembers {}; sismember {} a; scard {};
        incr {}; decr {}; incrby {} 1""",
    "list": """
        get {}; getset {} x; set {} x get; append {} x; strlen {}; incr {}; decr {}; incrby {} 1; decrby {} 1;
        hset {} f v; hget {} f; hdel {} f; hgetall {}; hlen {}; sadd {} a; srem {} a; smembers {};
        sismember {} a; scard {}; mget {} string nothing; type {}; exists {}""",
    "hash": """
        get {}; getset {} x; append {} x; strlen {}; incr {}; lpush {} a; rpush {} a; lpop {}; rpop {}; llen {};
        lrange {} 0 1; lrange {} a 1; sadd {} a; srem {} a; smembers {}; sismember {} a; scard {}; type {}""",
    "set": """
        get {}; getset {} x; append {} x; strlen {}; incr {}; lpush {} a; rpush {} a; lpop {}; rpop {}; llen {};
        lrange {} 0 1; hset {} f v; hget {} f; hdel {} f; hgetall {}; hlen {}; type {}""",
}.items():
    WRONG_TYPES += [each.strip().format(_key) for each in _commands.split(";")]
WRONG_TYPES += ["set list now-a-string", "get list", "mset hash 1 set 2", "type hash", "incr hash"]

SCRIPTS = {
    "general": "\n".join(GENERAL),
    "wrong types": "\n".join(WRONG_TYPES),
    "strings": """
        FLUSHALL
        PING
        PING "hello there"
        ECHO hi
        ECHO ""
        SET a 1
        GET a
        set a hello
        GET a
        SET a ""
        GET a
        SET a 1 NX
        SET fresh 1 NX
        SET fresh 2 XX
        GET fresh
        SET none 1 XX
        SET a 2 NX GET
        SET a 3 GET
        SET a 4 XX GET
        SET none 1 XX GET
        SET none2 1 NX GET
        SET a 1 NX XX
        SET a 1 XX NX
        SET a 1 WHAT
        SET a 1 NX NX
        SET a 1 EX
        SET a 1 EX 10 PX 10
        SET a 1 EX 10 EX 10
        SET a 1 EX 0
        SET a 1 EX -1
        SET a 1 PX 0
        SET a 1 PX -5
        SET a 1 EX abc
        SET a 1 EX 1.5
        SET a 1 EX 9223372036854775807
        SET a 1 EX 9223372036854775
        SET a 1 PX 9223372036854775807
        SET a 1 PX 99999999999999999999
        SET a 1 EX 0 FOO
        SET a 1 EX 0 NX
        SET a 1 EX 100
        TTL a
        PTTL a
        SET a 1 PX 50000 NX
        SET b 1 PX 50000 NX
        TTL b
        SET b 2 KEEPTTL
        TTL b
        SET b 2 KEEPTTL EX 10
        SET b 2 EX 10 KEEPTTL
        SET b 3
        TTL b
        SET a x ex 200 get xx
        TTL a
        GETSET a y
        TTL a
        GETSET new value
        GET new
        MSET a 1 b 2 c 3
        MGET a b c none a
        MSET a 1 b
        MSET a 1 b 2 c
        MSET a 1 a 2
        GET a
        APPEND a 5
        APPEND fresh-append hello
        GET fresh-append
        STRLEN fresh-append
        STRLEN none
        STRLEN a
        INCR a
        APPEND a 0
        GET a
        STRLEN a
        GETSET a 7
        INCR n
        INCR n
        GET n
        DECR n
        INCRBY n 40
        INCRBY n -50
        DECRBY n 10
        INCRBY n abc
        INCRBY n 1.5
        INCRBY n ""
        INCRBY n 9223372036854775808
        DECRBY n -9223372036854775808
        SET n 9223372036854775807
        INCR n
        INCRBY n 1
        DECR n
        GET n
        STRLEN n
        SET n -9223372036854775808
        DECR n
        DECRBY n 1
        INCRBY n -1
        INCR n
        SET n 9223372036854775808
        INCR n
        SET n 007
        INCR n
        SET n -0
        INCR n
        SET n " 1"
        INCR n
        SET n "1 "
        DECR n
        SET n +1
        INCR n
        SET n ""
        INCR n
        SET n 1e3
        INCR n
        SET n 0
        DECR n
        SET n -7
        DECR n
        EXPIRE n 100
        INCR n
        TTL n
        APPEND n 1
        TTL n
        DEL a b c n
        DEL a
        EXISTS a fresh fresh
        TYPE fresh
        TYPE nothing
    """,
    "keys": """
        FLUSHALL
        DBSIZE
        SET one 1
        SET two 2
        SET three 3
        RPUSH thelist 1
        HSET thehash f v
        SADD theset m
        DBSIZE
        KEYS *
        KEYS t*
        KEYS t?o
        KEYS [ot]*
        KEYS [^t]*
        KEYS [a-p]ne
        KEYS [p-a]ne
        KEYS \\\\one
        KEYS "the*t"
        KEYS ""
        KEYS nothing
        KEYS ***
        KEYS *e*e*
        KEYS [o
        KEYS one[
        TYPE one
        TYPE thelist
        TYPE thehash
        TYPE theset
        EXPIRE one 100
        TTL one
        PTTL one
        TTL two
        PTTL two
        TTL nothing
        PTTL nothing
        EXPIRE nothing 100
        PEXPIRE one 5000
        PTTL one
        PEXPIRE nothing 100
        EXPIRE one abc
        EXPIRE nothing abc
        EXPIRE one 1.5
        PEXPIRE one abc
        EXPIRE one 9223372036854775807
        EXPIRE one -9223372036854775808
        EXPIRE one 9223372036854775
        PEXPIRE one 9223372036854775807
        PEXPIRE one 99999999999999999999
        EXPIRE one 10 WHAT
        EXPIRE one abc WHAT
        PEXPIRE one 10 NX XX
        EXPIRE one 10 NX XX
        EXPIRE one 10 NX GT
        EXPIRE one 10 NX LT
        EXPIRE one 10 GT LT
        EXPIRE one 100 NX
        EXPIRE one 100 XX
        EXPIRE one 50 GT
        EXPIRE one 200 GT
        EXPIRE one 300 LT
        EXPIRE one 100 LT
        EXPIRE one 90 XX LT
        TTL one
        EXPIRE two 100 XX
        EXPIRE two 100 GT
        EXPIRE two 100 LT
        TTL two
        PERSIST two
        PERSIST two
        PERSIST nothing
        TTL two
        EXPIRE two 100 NX
        TTL two
        EXPIRE three 0
        EXISTS three
        SET three 3
        EXPIRE three -1
        GET three
        SET three 3
        PEXPIRE three -9223372036854775808
        GET three
        SET short x PX 20
        PEXPIRE thelist 20
        PEXPIRE thehash 20
        WAIT 0.1
        GET short
        TTL short
        EXISTS short thelist thehash
        LLEN thelist
        HGETALL thehash
        TYPE thehash
        KEYS *
        DBSIZE
        RPUSH thelist again
        TTL thelist
        DEL one two thelist nothing
        FLUSHALL SYNC
        FLUSHALL ASYNC
        FLUSHALL NOW
        FLUSHALL SYNC ASYNC
        FLUSHALL a b c
        DBSIZE
        KEYS *
    """,
    "lists": """
        FLUSHALL
        LPUSH l a
        LPUSH l b c d
        RPUSH l e
        RPUSH l f g
        LLEN l
        LLEN none
        LRANGE l 0 -1
        LRANGE l 0 0
        LRANGE l 1 3
        LRANGE l -3 -1
        LRANGE l -100 100
        LRANGE l 3 1
        LRANGE l 100 200
        LRANGE l -1 -100
        LRANGE l a 1
        LRANGE l 1 a
        LRANGE none 0 -1
        LRANGE none a b
        LRANGE l 9223372036854775807 9223372036854775807
        LRANGE l -9223372036854775808 9223372036854775807
        LRANGE l 9223372036854775808 1
        LPOP l
        RPOP l
        LPOP l 2
        RPOP l 2
        LPOP l 0
        RPOP l 0
        LPOP l -1
        RPOP l -1
        LPOP l abc
        RPOP l abc
        LPOP none
        RPOP none
        LPOP none 1
        RPOP none 0
        LPOP none abc
        LPOP l 1 2
        RPOP l 1 2
        RPOP l 100
        EXISTS l
        LPOP l 1
        LPUSH numbers 1 2 3
        LRANGE numbers 0 -1
        LPOP numbers 9223372036854775807
        EXISTS numbers
        RPUSH binary "" " " "\\r\\n"
        LRANGE binary 0 -1
    """,
    "hashes": """
        FLUSHALL
        HSET h a 1
        HSET h a 2 b 3
        HSET h a 2 b
        HSET h a
        HSET h a 1 b 2 c
        HGET h a
        HGET h none
        HGET none a
        HGETALL h
        HGETALL none
        HLEN h
        HLEN none
        HDEL h none
        HDEL none a
        HDEL h a none b
        EXISTS h
        HSET h "" empty
        HGET h ""
        HSET h f ""
        HGETALL h
        HDEL h "" f f
        HLEN h
        TYPE h
    """,
    "sets": """
        FLUSHALL
        SADD s a
        SADD s a b c b
        SCARD s
        SCARD none
        SISMEMBER s a
        SISMEMBER s z
        SISMEMBER none a
        SMEMBERS s
        SMEMBERS none
        SREM s a z
        SREM none a
        SMEMBERS s
        SREM s b c
        EXISTS s
        SADD s 1 2 3 01
        SMEMBERS s
        SCARD s
    """,
    "transactions": """
        FLUSHALL
        EXEC
        DISCARD
        MULTI
        MULTI
        EXEC
        MULTI
        SET a 1
        GET a
        INCR a
        LPUSH a x
        INCR a b
        EXEC
        GET a
        MULTI
        SET a 1
        GET a
        INCR a
        LPUSH a x
        SET a 1 EX
        EXPIRE a x
        HGETALL h
        MGET a b
        KEYS nothing
        PING
        ECHO x
        EXEC
        MULTI
        NOSUCH command
        SET a 5
        EXEC
        GET a
        MULTI
        SET a 6
        DISCARD
        GET a
        DISCARD
        MULTI x
        DISCARD x
        EXEC x
        MULTI
        DISCARD x
        EXEC
        MULTI
        EXEC x
        EXEC
        MULTI
        CLIENT NOSUCH
        EXEC
        MULTI
        CONFIG GET
        EXEC
        MULTI
        CLIENT GETNAME
        CONFIG GET save
        DBSIZE
        EXEC
        MULTI
        ONE-REPLY SUBSCRIBE
        ONE-REPLY PSUBSCRIBE
        EXEC
        MULTI
        ONE-REPLY UNSUBSCRIBE a
        PUBLISH c m
        FLUSHALL
        EXEC
        MULTI
        QUIT
        MULTI
        RECONNECT
        EXEC
        DISCARD
        UNSUBSCRIBE
        PUNSUBSCRIBE
        PSUBSCRIBE a* b*
        SUBSCRIBE a
        PUNSUBSCRIBE a* never
        UNSUBSCRIBE
        PUNSUBSCRIBE
        UNSUBSCRIBE
        PSUBSCRIBE q*
        QUIT
        QUIT now
    """,
    "connection and server": """
        CLIENT
        CLIENT NOSUCH
        client nosuch x y
        CLIENT "no\\x00such"
        CLIENT GETNAME
        CLIENT GETNAME x
        CLIENT SETNAME
        CLIENT SETNAME me
        CLIENT GETNAME
        CLIENT SETNAME "not me"
        CLIENT SETNAME "new\\nline"
        CLIENT SETNAME ""
        CLIENT GETNAME
        CLIENT SETINFO LIB-NAME x
        CLIENT ID
        CLIENT ID x
        CLIENT INFO
        CLIENT LIST
        CLIENT LIST x
        CONFIG
        CONFIG NOSUCH
        CONFIG GET
        CONFIG GET save
        CONFIG GET appendonly
        CONFIG GET maxmemory
        CONFIG GET MaxMemory-Policy
        CONFIG GET nosuch
        CONFIG SET
        CONFIG SET a
        CONFIG SET nosuch 1
        CONFIG SET a b c
        COMMAND COUNT
        COMMAND COUNT x
        COMMAND INFO get
        COMMAND INFO nosuch
        COMMAND DOCS nosuch
        COMMAND NOSUCH
        COMMAND LIST x
        COMMAND "a\\r\\nb"
        INFO
        INFO server
        INFO everything
        INFO nosuch
        SELECT 0
        SELECT abc
        SELECT 16
        SELECT -1
        SELECT 99999999999999999999
        NOSUCH
        nosuch a
        NOSUCH a "b c" "d\\r\\ne" ""
        "NO SUCH" a
        "" a
        "a\\r\\nb" "c\\r\\nd"
        GETS a
        GE a
        "get " a
        PINGPINGPINGPINGPING
        "\\x07et" a
        "[ET" a
    """,
    "unknown commands with long arguments": "\n".join(
        f"NOSUCH{'n' * name} {'y' * size} tail more"
        for name in (0, 121, 122, 130) for size in (1, 120, *range(123, 130), 200)),
}
