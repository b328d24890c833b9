// SPDX-License-Identifier: Apache-2.0
// A chat with rooms, over a list of addresses: "/join ROOM" enters one, what is said there all in it hear. A guest who
// does not read is put out. Ending the server drains it: guests have a second to leave, then their tasks are cancelled.
#include <weft/weft.hpp>

#include <cstdio>
#include <map>
#include <set>
#include <string>

using namespace std::chrono_literals;

class chat {
public:
    weft::task<> guest(weft::stream s) {
        const std::string name = (co_await s.read_line()).value_or("nobody");
        seat here(*this, s);
        while (auto line = co_await s.read_line()) {
            if (line->starts_with("/join ")) {
                here.move(line->substr(6));
                tell(here.room, name + " is in " + here.room);
            } else {
                tell(here.room, name + ": " + *line);
            }
        }
    }

private:
    /// Where a guest is, as long as there is one.
    struct seat {
        seat(chat& c, weft::stream& s) : where(c), who(s) { where.rooms_[room].insert(&who); }
        ~seat() { where.rooms_[room].erase(&who); }
        void move(std::string to) {
            where.rooms_[room].erase(&who);
            where.rooms_[room = std::move(to)].insert(&who);
        }
        chat& where;
        weft::stream& who;
        std::string room = "lobby";
    };
    void tell(const std::string& room, const std::string& text) {
        for (weft::stream* guest : rooms_[room]) {
            if (!guest->is_closing() && !guest->try_write(text + "\n")) guest->abort();
        }
    }
    std::map<std::string, std::set<weft::stream*>> rooms_;
};

weft::task<> hear(const char* who, weft::stream& s) {
    const auto line = co_await s.read_line();
    std::printf("%s hears \"%s\"\n", who, line.value_or("nothing").c_str());
}

weft::task<> main_task() {
    chat rooms;
    const auto guest = [&rooms](weft::stream s) { return rooms.guest(std::move(s)); };
    auto server = co_await weft::start_server(guest, {"127.0.0.1", "::1"}, 0, {.drain_timeout = 1s});
    co_await weft::with(server, [](weft::server& s) -> weft::task<> {
        auto ann = co_await weft::open_connection("127.0.0.1", s.port());
        auto bob = co_await weft::open_connection("::1", s.port());
        co_await ann.write("ann\n/join tea\n");
        co_await hear("ann", ann);
        co_await bob.write("bob\nis anybody here?\n");
        co_await hear("bob", bob);
        co_await bob.write("/join tea\n");
        co_await hear("ann", ann);
        co_await hear("bob", bob);
        co_await ann.write("welcome\n");
        co_await hear("bob", bob);
        co_await bob.close();
    });
    std::printf("%zu guests are left\n", server.connections());
}

int main() { weft::run(main_task()); }
