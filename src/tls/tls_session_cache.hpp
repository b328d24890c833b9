// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tls/openssl.hpp"

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

namespace weft::inline v0 {

/// The sessions that a client's context can go on with, by whom they were made with: of a server the newest few, of so many
/// servers, and none of more than 16 KiB. A server may send tickets of 64 KiB; with a client's certificate in it, an honest
/// one comes to a few.
/// @thread any
class tls_session_cache {
public:
    void put(const std::string& with, ssl_session_ptr session) {
        // As it would be written down: the ticket, the server's own certificate, little else.
        const int size_bytes = i2d_SSL_SESSION(session.get(), nullptr);
        if (size_bytes <= 0 || size_bytes > largest_bytes) return;
        const std::lock_guard held(mutex_);
        const auto found = sessions_.try_emplace(with).first;
        std::deque<ssl_session_ptr>& sessions = found->second;
        try {
            sessions.push_front(std::move(session));
        } catch (...) {
            if (sessions.empty()) sessions_.erase(found);
            throw;
        }
        if (sessions.size() > kept_of_one) sessions.pop_back();
        if (sessions_.size() <= kept_peers) return;
        auto other = sessions_.begin();  // any: what is missing costs a full handshake
        if (other->first == with) ++other;
        sessions_.erase(other);
    }

    /// The newest one; null if there is none.  @cost no allocation
    ssl_session_ptr take(const std::string& with) {
        const std::lock_guard held(mutex_);
        const auto found = sessions_.find(with);
        if (found == sessions_.end()) return nullptr;
        std::deque<ssl_session_ptr>& sessions = found->second;
        ssl_session_ptr session;
        if (SSL_SESSION_get_protocol_version(sessions.front().get()) < TLS1_3_VERSION) {
            SSL_SESSION_up_ref(sessions.front().get());
            session.reset(sessions.front().get());
        } else {
            // A ticket of TLS 1.3 is for one connection, lest an eavesdropper sees that two are the same client's.
            session = std::move(sessions.front());
            sessions.pop_front();
        }
        if (sessions.empty()) sessions_.erase(found);
        return SSL_SESSION_is_resumable(session.get()) ? std::move(session) : nullptr;
    }

private:
    static constexpr std::size_t kept_of_one = 4, kept_peers = 1024;
    static constexpr int largest_bytes = 16 * 1024;

    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<ssl_session_ptr>> sessions_;  // none is empty
};

}  // namespace weft::inline v0
