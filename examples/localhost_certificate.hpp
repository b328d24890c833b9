// SPDX-License-Identifier: Apache-2.0
// A certificate for localhost and 127.0.0.1 that vouches for itself until 2120. For the examples alone: its key is no
// secret.
#pragma once

inline constexpr const char* localhost_certificate = R"(-----BEGIN CERTIFICATE-----
MIIBYzCCAQqgAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGcd9uzEz8nxS770
2Flo8haLMdRVrD48TxlrPz13/UmHI6hvrdQFdDWAbrUM8QZyLWA67yzaEB3pbBuH
rxOTWxGjSzBJMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAMBgNVHRMBAf8E
AjAAMB0GA1UdDgQWBBQnCZqc9oQ82KmJbuU/J+yWUSaGLDAKBggqhkjOPQQDAgNH
ADBEAiBQ11PVFJUhylVpDuUDbVa3g6e4a41JGgA9ZPl6xnR6lAIgHoBL+KzpN5f/
3o8E6bGlLiJYwT7lVohHXNhjPLAaf6M=
-----END CERTIFICATE-----
)";

inline constexpr const char* localhost_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZR+QcZwos0DFPHWA
FyXu/HukMWGwgQD8KyGC4aD7ltihRANCAARnHfbsxM/J8Uu+9NhZaPIWizHUVaw+
PE8Zaz89d/1JhyOob63UBXQ1gG61DPEGci1gOu8s2hAd6Wwbh68Tk1sR
-----END PRIVATE KEY-----
)";
