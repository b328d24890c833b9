// SPDX-License-Identifier: Apache-2.0
// Short conversations, of streams or protocols, over any kind of connection, each of which breaks in another place.
#pragma once

#include "io/run_with_faults.hpp"

#include <weft/net/create_connection.hpp>
#include <weft/net/create_server.hpp>
#include <weft/tls/tls_error.hpp>

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <system_error>
#include <vector>

namespace weft_test {

/// What the kernel may say of a connection, wherever it says it.
constexpr int connection_errnos[] = {ECONNRESET,  EPIPE,    ETIMEDOUT, ENOMEM,       ENOBUFS,       EHOSTUNREACH,
                                     ENETUNREACH, ENETDOWN, EPERM,     ECONNREFUSED, EADDRNOTAVAIL, EACCES,
                                     EHOSTDOWN,   EPROTO,   EINVAL,    ENOTCONN,     EIO,           ECONNABORTED};

/// How the two are connected, and what they are.
struct kind_of_connection {
    bool by_protocols = false;
    std::string unix_path = {};  // empty: TCP
    std::optional<weft::tls_context> server_tls = std::nullopt, client_tls = std::nullopt;
};

/// A client says something and no more, a server says it back and no more. Another client is connected all the while.
class breaking_connections {
public:
    struct outcome {
        bool is_complete = false;  ///< the client has all, and its end
        std::vector<std::error_code> told;  ///< to client and server
        std::size_t received = 0, operations = 0;
        bool was_told(int error) const {
            return std::ranges::find(told, std::error_code(error, std::generic_category())) != told.end();
        }
        bool was_truncated() const { return std::ranges::find(told, weft::tls_errc::truncated) != told.end(); }
    };

    explicit breaking_connections(kind_of_connection kind) : kind_(std::move(kind)) {}

    /// Every byte that either side receives is the last one once: then the connection is reset.
    /// @param step  of so many bytes one is, from `first` on
    void reset_after_every(std::size_t step = 1, std::size_t first = 0) {
        run([=](breaking_connections& self) -> weft::task<> {
            const outcome whole = co_await self.converse_until_reset(~std::size_t{0});
            EXPECT_TRUE(whole.is_complete);
            EXPECT_TRUE(whole.told.empty());
            EXPECT_GE(whole.received, 2 * self.said_.size());
            for (std::size_t i = first; i < whole.received && !testing::Test::HasFailure(); i += step) {
                SCOPED_TRACE(testing::Message() << "after " << i << " of " << whole.received << " bytes");
                const outcome got = co_await self.converse_until_reset(i);
                // Of a handshake the length varies a little.
                EXPECT_TRUE(got.was_told(ECONNRESET) || got.received < i);
            }
        });
    }

    /// Every operation fails once with each errno.
    void fail_every() {
        run([](breaking_connections& self) -> weft::task<> {
            const outcome whole = co_await self.converse_with(~std::size_t{0}, {});
            EXPECT_TRUE(whole.is_complete);
            EXPECT_GE(whole.operations, 5u);
            for (const int error : connection_errnos) {
                for (std::size_t i = 0; i < whole.operations && !testing::Test::HasFailure(); ++i) {
                    for (const bool at_submit : {false, true}) {
                        SCOPED_TRACE(testing::Message()
                                     << "operation " << i << (at_submit ? " submitted: " : ": ") << error);
                        const outcome got = co_await self.converse_with(i, {error, at_submit});
                        // A socket that is broken may say that it has ended; and whose close_notify fails has gone.
                        const bool is_broken = error == EPIPE || error == ECONNRESET;
                        EXPECT_TRUE(got.was_told(error) || got.is_complete || got.was_truncated() ||
                                    (is_broken && !got.told.empty()));
                    }
                }
            }
        });
    }

private:
    template <class Base>
    struct noting : Base {
        noting(breaking_connections& s) : self(s) { ++self.made_; }
        void connection_made(weft::transport t) override { transport = std::move(t); }
        void connection_lost(std::exception_ptr error) override {
            --self.made_;
            ended_well = !error;
            self.note(error);
        }
        breaking_connections& self;
        weft::transport transport;
        bool ended_well = false;
    };
    struct echo : noting<weft::protocol> {
        using noting::noting;
        void data_received(std::span<const std::byte> data) override { transport.write(data); }
    };
    struct talker : noting<weft::protocol> {
        using noting::noting;
        void connection_made(weft::transport t) override {
            noting::connection_made(std::move(t));
            transport.write(self.said_);
            transport.write_eof();
        }
        void data_received(std::span<const std::byte> data) override { heard += weft::as_text(data); }
        std::string heard;
    };
    static weft::task<> echo_all(weft::stream s) {
        const std::string all = co_await s.read_all();
        co_await s.write(all);
        co_await s.close();
    }

    void note(const std::exception_ptr& error) {
        if (!error) return;
        try {
            std::rethrow_exception(error);
        } catch (const std::system_error& e) {
            out_.told.push_back(e.code());
            // Over TCP it says to whom; the peer of a Unix socket's server has no name.
            if (kind_.unix_path.empty()) {
                EXPECT_NE(std::string(e.what()).find("127.0.0.1:"), std::string::npos) << e.what();
            }
        } catch (const std::exception& e) {
            ADD_FAILURE() << e.what();
        }
    }

    template <class F>
    void run(F rounds) {
        run_with_faults(
            [&](faulty_backend& faults) {
                faults_ = &faults;
                return live(rounds);
            },
            [this](const std::exception_ptr& error) { note(error); });
    }

    template <class F>
    weft::task<> live(F& rounds) {
        server_.emplace(co_await listen());
        auto bystander = co_await open();
        co_await bystander.write("hello ");
        co_await settle();
        faults_->for_each_submitted([&](const weft::operation& op) { spared_.insert(op.fd); });
        descriptors_ = open_descriptors();
        co_await rounds(*this);
        co_await bystander.write("again");
        bystander.write_eof();
        EXPECT_EQ(co_await bystander.read_all(), "hello again");
        co_await bystander.close();
        server_->close();
        co_await server_->wait_closed();
        server_.reset();
        EXPECT_EQ(made_, 0);
    }

    weft::task<weft::server> listen() {
        const weft::server_options options{.tls = kind_.server_tls};
        const auto make = [this] { return std::make_unique<echo>(*this); };
        if (kind_.by_protocols) {
            if (!kind_.unix_path.empty()) co_return co_await weft::create_unix_server(make, kind_.unix_path, options);
            co_return co_await weft::create_server(make, "127.0.0.1", 0, options);
        }
        if (!kind_.unix_path.empty()) co_return co_await weft::start_unix_server(echo_all, kind_.unix_path, options);
        co_return co_await weft::start_server(echo_all, "127.0.0.1", 0, options);
    }
    weft::connect_options options() const {
        weft::connect_options o;
        o.tls = kind_.client_tls;
        if (o.tls) o.server_hostname = "localhost";
        return o;
    }
    weft::task<weft::stream> open() {
        if (!kind_.unix_path.empty()) co_return co_await weft::open_unix_connection(kind_.unix_path, options());
        co_return co_await weft::open_connection("127.0.0.1", server_->port(), options());
    }

    weft::task<> talk() {
        weft::stream s = co_await open();
        if (kind_.by_protocols) {
            const auto client = std::make_shared<talker>(*this);
            const auto transport = co_await weft::connect_protocol(std::move(s), client);
            co_await transport.wait_closed();
            out_.is_complete = client->ended_well && client->heard == said_;
            co_return;
        }
        co_await s.write(said_);
        s.write_eof();
        out_.is_complete = co_await s.read_all() == said_;
        co_await s.close();
    }

    weft::task<outcome> converse_until_reset(std::size_t offset) {
        faults_->received = 0;
        faults_->reset_after = offset;
        faults_->resets = [this](weft::native_handle fd) { return !spared_.contains(fd); };
        co_return co_await converse();
    }
    weft::task<outcome> converse_with(std::size_t number, fate f) {
        faults_->decide = [this, number, f](weft::opcode, weft::native_handle fd) {
            return !spared_.contains(fd) && out_.operations++ == number ? f : fate();
        };
        co_return co_await converse();
    }
    weft::task<outcome> converse() {
        out_ = {};
        try {
            co_await talk();
        } catch (...) {
            note(std::current_exception());
        }
        co_await weft::sleep(std::chrono::seconds(60));  // as long as the slowest leave over TLS may take
        out_.received = faults_->received;
        faults_->reset_after.reset();
        faults_->decide = [](weft::opcode, weft::native_handle) { return fate(); };
        EXPECT_EQ(server_->connections(), 1u);  // the bystander's
        EXPECT_EQ(made_, kind_.by_protocols ? 1 : 0);
        EXPECT_EQ(open_descriptors(), descriptors_);
        co_return out_;
    }

    const kind_of_connection kind_;
    const std::string said_ = std::string(300, 'x');
    faulty_backend* faults_ = nullptr;
    std::optional<weft::server> server_;
    std::set<weft::native_handle> spared_;
    std::size_t descriptors_ = 0;
    int made_ = 0;
    outcome out_;
};

}  // namespace weft_test
