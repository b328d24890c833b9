// SPDX-License-Identifier: Apache-2.0
// Authorities and certificates, made as the tests want them.
#pragma once

#include "io/temporary_folder.hpp"
#include "tls/openssl.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace weft_test {

/// A certificate as it is to be.
struct wanted {
    std::string name = "localhost";
    std::string alternative_names = "DNS:localhost,IP:127.0.0.1,IP:::1";
    long from_days = -1, until_days = 30;
    std::string name_constraints = {};  // of an authority: "permitted;DNS:example.org"
    int without = 0;  // the NID of an extension that is left out
};

/// A certificate in PEM with its key.
struct pem_pair {
    std::string certificate, key;
};

inline void require(bool is_well) {
    if (!is_well) throw std::runtime_error("certificates: OpenSSL refuses");
}

/// An authority, which vouches for itself.
class authority {
public:
    explicit authority(wanted w = {.name = "an authority"}) : key_(make_key()), certificate_(make(w, *key_, true)) {}
    /// Vouched for by `above`.
    authority(const authority& above, wanted w) : key_(make_key()), certificate_(above.make(w, *key_, true)) {}

    pem_pair issue(const wanted& w = {}) const {
        const auto key = make_key();
        return {pem_of(*make(w, *key, false)), pem_of(*key)};
    }
    /// A certificate that vouches for itself.
    static pem_pair self_signed(const wanted& w = {}) {
        const authority nobody(w, 0);
        return {pem_of(*nobody.certificate_), pem_of(*nobody.key_)};
    }
    std::string pem() const { return pem_of(*certificate_); }

    /// Its list of the certificates that it has taken back.
    std::string revocations(const std::vector<std::string>& certificates, long until_days = 30) const {
        const weft::crl_ptr list(X509_CRL_new());
        const auto at = [](long days) {
            return std::unique_ptr<ASN1_TIME, weft::openssl_free<ASN1_STRING_free>>(
                X509_gmtime_adj(nullptr, days * 86400));
        };
        require(X509_CRL_set_version(list.get(), 1));
        require(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get())));
        require(X509_CRL_set1_lastUpdate(list.get(), at(-2).get()));
        require(X509_CRL_set1_nextUpdate(list.get(), at(until_days).get()));
        for (const std::string& pem : certificates) {
            const weft::bio_ptr from(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
            const weft::x509_ptr revoked(PEM_read_bio_X509(from.get(), nullptr, nullptr, nullptr));
            X509_REVOKED* const entry = X509_REVOKED_new();
            require(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked.get())));
            require(X509_REVOKED_set_revocationDate(entry, at(-1).get()));
            require(X509_CRL_add0_revoked(list.get(), entry));
        }
        require(X509_CRL_sort(list.get()) && X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
        BIO* const memory = BIO_new(BIO_s_mem());
        PEM_write_bio_X509_CRL(memory, list.get());
        return text_of(memory);
    }

private:
    authority(const wanted& w, int) : key_(make_key()), certificate_(make(w, *key_, false)) {}

    static weft::key_ptr make_key() { return weft::key_ptr(EVP_EC_gen("P-256")); }

    weft::x509_ptr make(const wanted& w, EVP_PKEY& key, bool is_authority) const {
        static long serial = 1000;
        weft::x509_ptr out(X509_new());
        X509_set_version(out.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(out.get()), ++serial);
        X509_gmtime_adj(X509_getm_notBefore(out.get()), w.from_days * 86400);
        X509_gmtime_adj(X509_getm_notAfter(out.get()), w.until_days * 86400);
        X509_NAME* const name = X509_get_subject_name(out.get());
        require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(w.name.c_str()), -1, -1, 0));
        X509* const issuer = certificate_ ? certificate_.get() : out.get();
        require(X509_set_issuer_name(out.get(), X509_get_subject_name(issuer)));
        require(X509_set_pubkey(out.get(), &key));
        const auto extend = [&](int what, const std::string& text) {
            if (text.empty() || what == w.without) return;
            X509V3_CTX context;
            X509V3_set_ctx(&context, issuer, out.get(), nullptr, nullptr, 0);
            X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, text.c_str());
            require(extension && X509_add_ext(out.get(), extension, -1));
            X509_EXTENSION_free(extension);
        };
        extend(NID_basic_constraints, is_authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
        extend(NID_subject_key_identifier, "hash");
        if (issuer != out.get()) extend(NID_authority_key_identifier, "keyid");  // newer Pythons want it
        if (is_authority) extend(NID_key_usage, "critical,keyCertSign,cRLSign");
        if (!is_authority) extend(NID_subject_alt_name, w.alternative_names);
        extend(NID_name_constraints, w.name_constraints.empty() ? "" : "critical," + w.name_constraints);
        require(X509_sign(out.get(), certificate_ ? key_.get() : &key, EVP_sha256()) > 0);
        return out;
    }

    static std::string text_of(BIO* memory) {
        const weft::bio_ptr owner(memory);
        const char* text = nullptr;
        const long size = BIO_get_mem_data(memory, &text);
        return std::string(text, static_cast<std::size_t>(size));
    }
    static std::string pem_of(X509& certificate) {
        BIO* const memory = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(memory, &certificate);
        return text_of(memory);
    }
    static std::string pem_of(EVP_PKEY& key) {
        BIO* const memory = BIO_new(BIO_s_mem());
        PEM_write_bio_PrivateKey(memory, &key, nullptr, nullptr, 0, nullptr, nullptr);
        return text_of(memory);
    }

    weft::key_ptr key_;
    weft::x509_ptr certificate_;
};

/// The authority of most tests, and a server's certificate from it.
inline const authority& the_authority() {
    static const authority one;
    return one;
}
inline const pem_pair& the_server() {
    static const pem_pair one = the_authority().issue();
    return one;
}

/// The same as files, for programs that want those.
struct certificate_files {
    temporary_folder folder;
    std::string ca = folder.write("ca.pem", the_authority().pem());
    std::string certificate = folder.write("server.pem", the_server().certificate);
    std::string key = folder.write("server.key", the_server().key);
};

}  // namespace weft_test
