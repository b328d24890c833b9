// SPDX-License-Identifier: Apache-2.0
// The functions that the command table names, by the file they are in. Each is called with an allowed number of
// arguments and appends one reply.
#pragma once

#include "command.hpp"

namespace mini_redis {

// commands_strings.cpp
void append(context&), decr(context&), decrby(context&), get(context&), getset(context&), incr(context&);
void incrby(context&), mget(context&), mset(context&), set_key(context&), strlen(context&);

// commands_keys.cpp
void dbsize(context&), del(context&), exists(context&), expire(context&), flushall(context&), keys(context&);
void persist(context&), pexpire(context&), pttl(context&), ttl(context&), type(context&);

// commands_lists.cpp
void llen(context&), lpop(context&), lpush(context&), lrange(context&), rpop(context&), rpush(context&);

// commands_hashes.cpp
void hdel(context&), hget(context&), hgetall(context&), hlen(context&), hset(context&);

// commands_sets.cpp
void sadd(context&), scard(context&), sismember(context&), smembers(context&), srem(context&);

// commands_pubsub.cpp
void psubscribe(context&), publish(context&), punsubscribe(context&), subscribe(context&), unsubscribe(context&);

// commands_transactions.cpp
void discard(context&), exec(context&), multi(context&);

// commands_connection.cpp
void client_getname(context&), client_id(context&), client_info(context&), client_list(context&);
void client_setname(context&), echo(context&), ping(context&), quit(context&), select(context&);

// commands_server.cpp
void command_all(context&), command_count(context&), command_docs(context&), command_info(context&);
void command_list(context&), config_get(context&), config_set(context&), info(context&);

/// A container such as CONFIG is not called itself: without a subcommand its arity is wrong.
inline void needs_subcommand(context& c) { c.wrong_arity(); }

}  // namespace mini_redis
