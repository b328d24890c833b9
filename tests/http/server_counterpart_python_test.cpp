// SPDX-License-Identifier: Apache-2.0
// Our server, and Python's http.client: connections, chunks both ways, and what no server should take.
#include "http/visited_server.hpp"

#include <fstream>

using namespace weft_test;
using weft::task;

namespace {

const std::string program = R"py(
import http.client, sys

port = int(sys.argv[1])

def connect():
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    c.connect()
    return c

def answer(c, *request, **more):
    c.request(*request, **more)
    r = c.getresponse()
    return r, r.read()

# One connection for it all.
c = connect()
first = c.sock
for _ in range(100):
    r, body = answer(c, "GET", "/")
    assert (r.status, r.version, body) == (200, 11, b"hello\n"), (r.status, body)
r, body = answer(c, "HEAD", "/")
assert (r.getheader("Content-Length"), body) == ("6", b"")
r, body = answer(c, "OPTIONS", "/echo")
assert set(r.getheader("Allow").split(", ")) >= {"POST", "PUT", "OPTIONS"}, r.getheader("Allow")
r, body = answer(c, "GET", "/nothing")
assert r.status == 404
pieces = [b"x" * (i * i) for i in range(1, 100)]
r, body = answer(c, "POST", "/echo", body=iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
assert body == b"".join(pieces)
r, body = answer(c, "POST", "/framing", body=iter(pieces), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
assert body == b"chunks: %d" % sum(map(len, pieces)), body
r, body = answer(c, "POST", "/framing", body=b"abc")
assert body == b"3 bytes: 3", body
c.request("GET", "/written")
r = c.getresponse()
assert r.getheader("Transfer-Encoding") == "chunked"
total = b"".join(iter(lambda: r.read(777), b""))
assert total == b"0123456789" * 1000
c.request("POST", "/echo", body=b"12345", headers={"Expect": "100-continue"})
assert c.getresponse().read() == b"12345"
assert c.sock is first, "the connection was closed"

# A client of HTTP/1.0.
old = connect()
old._http_vsn, old._http_vsn_str = 10, "HTTP/1.0"
r, body = answer(old, "GET", "/written")
assert r.getheader("Transfer-Encoding") is None and body == b"0123456789" * 1000

# What is refused, and its connection closed.
def refused(status, request):
    c = connect()
    c.sock.sendall(request)
    r = http.client.HTTPResponse(c.sock)
    r.begin()
    assert r.status == status, (request[:100], r.status)
    r.read()
    assert c.sock.recv(1) == b"", "it goes on after " + repr(request[:100])

refused(400, b"GET / HTTP/1.1\r\n\r\n")
refused(400, b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
refused(400, b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
refused(400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n")
refused(400, b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n")
refused(400, b"GET /\n\n")
refused(400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03")
refused(400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd")
refused(400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc")
refused(400, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
refused(400, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n")
refused(414, b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
refused(431, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 101 + b"\r\n")
refused(431, b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 40000 + b"\r\n\r\n")
refused(505, b"GET / HTTP/2.0\r\nHost: a\r\n\r\n")

# And the first one did not notice.
r, body = answer(c, "GET", "/")
assert (c.sock, body) == (first, b"hello\n")
print("all is well")
)py";

TEST(python_http_client, visits_our_server) {
    if (!has_program("python3")) GTEST_SKIP() << "python3 is not installed";
    const temporary_folder folder;
    std::ofstream(folder / "visit.py") << program;
    run_visit(what_there_is(folder), {}, [&](http::server&, std::string url) -> task<> {
        const said all = co_await shell("python3 $F/visit.py ${U##*:}", url, folder);
        EXPECT_EQ(all.text, "all is well\n");
    });
}

}  // namespace
