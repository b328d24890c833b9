// SPDX-License-Identifier: Apache-2.0
// A chat room: what one says, all the others hear. One thread, no locks: between two awaits nobody else runs, so the
// set of guests needs no protection. A guest who does not read is put out instead of buffered for ever.
//
//     guests: set[asyncio.StreamWriter] = set()
//     async def guest(reader, writer):
//         guests.add(writer)
//         try:
//             while line := await reader.readline(): ...
//         finally:
//             guests.discard(writer)
#include <weft/weft.hpp>

#include <cstdio>
#include <set>
#include <string>

class room {
public:
    weft::task<> guest(weft::stream s) {
        const std::string name = (co_await s.read_line()).value_or("nobody");
        const presence here(*this, s);
        co_await s.write("welcome, " + name + "\n");
        tell_others(s, name + " joined");
        while (auto line = co_await s.read_line()) tell_others(s, name + ": " + *line);
        tell_others(s, name + " left");
    }

private:
    struct presence {
        presence(room& r, weft::stream& s) : where(r), who(s) { where.guests_.insert(&who); }
        ~presence() { where.guests_.erase(&who); }
        room& where;
        weft::stream& who;
    };
    void tell_others(const weft::stream& speaker, const std::string& text) {
        for (weft::stream* g : guests_) {
            if (g != &speaker && !g->is_closing() && !g->try_write(text + "\n")) g->abort();
        }
    }
    std::set<weft::stream*> guests_;
};

weft::task<> hear(const char* who, weft::stream& s) {
    const auto line = co_await s.read_line();
    std::printf("%s hears \"%s\"\n", who, line.value_or("nothing").c_str());
}

weft::task<weft::stream> join(const weft::server& server, std::string name) {
    auto s = co_await weft::open_connection("127.0.0.1", server.port());
    co_await s.write(name + "\n");
    co_await hear(name.c_str(), s);
    co_return s;
}

weft::task<> main_task() {
    room lobby;
    const auto guest = [&lobby](weft::stream s) { return lobby.guest(std::move(s)); };
    auto server = co_await weft::start_server(guest, "127.0.0.1", 0);
    auto ann = co_await join(server, "ann");
    auto bob = co_await join(server, "bob");
    co_await hear("ann", ann);
    co_await bob.write("hi ann\n");
    co_await hear("ann", ann);
    co_await ann.write("hi bob\n");
    co_await hear("bob", bob);
    co_await bob.close();
    co_await hear("ann", ann);
    co_await ann.close();
    server.close();
    co_await server.wait_closed();
}

int main() { weft::run(main_task()); }
