// SPDX-License-Identifier: Apache-2.0
// A pool of workers over libpq, which knows nothing of weft: each is a fiber with a connection, and takes queries from a queue.
// PQexec() suspends the fiber that calls it (weft::hook): one thread has as many queries under way as there are workers.
#include <weft/fiber/create_fiber.hpp>
#include <weft/weft.hpp>

#include <libpq-fe.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

using weft::task;

namespace {

class connection {
public:
    explicit connection(const std::string& conninfo) : c_(PQconnectdb(conninfo.c_str()), PQfinish) {
        if (PQstatus(c_.get()) != CONNECTION_OK) throw std::runtime_error(PQerrorMessage(c_.get()));
    }
    /// @return the one value that the query gives @throws std::runtime_error
    std::string ask(const std::string& query) {
        const std::unique_ptr<PGresult, void (*)(PGresult*)> r(PQexec(c_.get(), query.c_str()), PQclear);
        if (PQresultStatus(r.get()) != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(c_.get()));
        return PQgetvalue(r.get(), 0, 0);
    }

private:
    std::unique_ptr<PGconn, void (*)(PGconn*)> c_;
};

struct job {
    std::string query;
    std::string& answer;
};

/// Works until the queue is shut down and empty: an ordinary function, which waits by await() for what is weft's, and by
/// blocking for what is not.
void work(weft::queue<job>& jobs, const std::string& conninfo) {
    connection to(conninfo);
    try {
        for (;;) {
            const job next = weft::await(jobs.get());
            next.answer = to.ask(next.query);
        }
    } catch (const weft::queue_shut_down&) {
    }
}

task<> main_task(std::string conninfo) {
    constexpr int workers = 10, queries = 100;
    weft::queue<job> jobs(workers);
    std::vector<std::string> answers(queries);
    // Should one fail, the group ends the others.
    co_await weft::with(weft::task_group(), [&](weft::task_group& pool) -> task<> {
        for (int i = 0; i < workers; ++i)
            pool.create_task([&]() -> task<> { co_await weft::create_fiber([&] { work(jobs, conninfo); }); });
        for (int i = 1; std::string & answer : answers) {
            const std::string n = std::to_string(i++);
            co_await jobs.put({"select " + n + " * " + n + " from pg_sleep(0.02)", answer});
        }
        jobs.shutdown();
    });
    std::printf("%d queries of 20 ms by %d workers; the last answer: %s\n", queries, workers, answers.back().c_str());
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "usage: %s CONNINFO     of a PostgreSQL: \"host=/run/postgresql dbname=postgres\"\n",
                     arguments[0]);
        return 2;
    }
    weft::run(main_task(arguments[1]));
}
