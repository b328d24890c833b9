// SPDX-License-Identifier: Apache-2.0
// Callbacks in place of coroutines: a server that answers each line, and its client. pause_writing() and resume_writing()
// keep a server from buffering without bound for a client that does not read.
//
//     class Shouting(asyncio.Protocol):
//         def connection_made(self, transport): self.transport = transport
//         def data_received(self, data): ...
//     server = await loop.create_server(Shouting, "127.0.0.1", 0)
//     transport, protocol = await loop.create_connection(Asking, *address)
#include <weft/net/create_connection.hpp>
#include <weft/net/create_server.hpp>
#include <weft/weft.hpp>

#include <cctype>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

class shouting : public weft::protocol {
    void connection_made(weft::transport t) override { transport_ = std::move(t); }
    void data_received(std::span<const std::byte> data) override {
        line_ += weft::as_text(data);  // perhaps half a line, perhaps several
        for (std::size_t end; (end = line_.find('\n')) != std::string::npos; line_.erase(0, end + 1)) {
            std::string answer = line_.substr(0, end);
            for (char& c : answer) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            transport_.writelines({answer, "!\n"});
        }
    }
    void pause_writing() override { transport_.pause_reading(); }
    void resume_writing() override { transport_.resume_reading(); }

    weft::transport transport_;
    std::string line_;
};

class asking : public weft::protocol {
public:
    std::string answers;

private:
    void connection_made(weft::transport t) override {
        t.writelines({"hello\n", "world\n"});
        t.write_eof();  // no more from us
    }
    void data_received(std::span<const std::byte> data) override { answers += weft::as_text(data); }
    void connection_lost(std::exception_ptr error) override {
        std::printf("connection lost, %s\n", error ? "by an error" : "as it should be");
    }
};

weft::task<> main_task() {
    auto server = co_await weft::create_server([] { return std::make_unique<shouting>(); }, "127.0.0.1", 0);
    auto [transport, protocol] =
        co_await weft::create_connection([] { return std::make_unique<asking>(); }, "127.0.0.1", server.port());
    co_await transport.wait_closed();
    std::printf("%s", protocol->answers.c_str());
}

int main() { weft::run(main_task()); }
