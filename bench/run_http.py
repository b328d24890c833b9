#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""HTTP plaintext: weft beside nginx, h2o, Go's net/http and Node, by server CPU per request.

Each server runs one thread on core 0, wrk on core 1. Every round runs every server once, in an order shuffled from a fixed seed;
ratios are taken within a round. wrk saturates first: compare the CPU. Limits, deadlines and the Date field are on, access
logs off. Peers that are not installed are left out.

With --load each server is offered so many requests a second, evenly (h2load --rps), and compared by the time they take.

    bench/run_http.py --build build/release [--pipeline 16 | --load 40000] [--connections 64] [--rounds 15] [--servers weft:epoll,nginx]
"""

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from http_rounds import (CLIENT_CORE, Server, free_port, in_rounds, medians, nginx_server, on_core, ratio, weft_server,
                         write)

HERE = os.path.dirname(os.path.abspath(__file__))
NGINX = 'location / { default_type "text/plain; charset=utf-8"; return 200 "Hello, World!"; }'
H2O = """num-threads: 1
max-connections: 4096
hosts:
  default:
    listen: {{host: 127.0.0.1, port: {port}}}
    paths:
      /:
        file.file: {folder}/site/index.txt
"""
# The pipelining script of wrk: so many requests at once.
PIPELINE = """init = function(args)
   local r = {{}}
   for i = 1, {depth} do r[i] = wrk.format(nil, "/") end
   request_all = table.concat(r)
end
request = function() return request_all end
"""


def start(name, options, folder):
    if name.startswith("weft:"):
        return weft_server(name, options)
    if name == "nginx":
        return nginx_server(folder, NGINX)
    port = free_port()
    if name == "h2o":
        command = ["h2o", "-c", write(folder, "h2o.conf", H2O.format(port=port, folder=folder))]
    elif name == "Go":
        command = [os.path.join(options.build, "bench/peers/http_go"), str(port)]
    else:
        command = ["node", os.path.join(HERE, "peers/http_node.js"), str(port)]
    return Server(name, port, command)


def offer(name, options, folder):
    """A load below what the server could do; the time from each request's beginning to its answer's end."""
    log = os.path.join(folder, "h2load.log")
    command = ["h2load", "--h1", "-t1", f"-c{options.connections}", f"--rps={options.load / options.connections:g}",
               f"-D{options.seconds:g}", f"--log-file={log}"]
    with start(name, options, folder) as server:
        before = server.cpu_ns()
        subprocess.run([*command, f"http://127.0.0.1:{server.port}/"], check=True, stdout=subprocess.DEVNULL,
                       preexec_fn=on_core(CLIENT_CORE))
        used = server.cpu_ns() - before
    with open(log) as file:
        rows = [line.split() for line in file]
    os.unlink(log)
    if any(row[1] != "200" for row in rows):
        sys.exit(f"{name}: not every request was answered 200")
    times = sorted(int(row[2]) for row in rows)
    span = (max(int(row[0]) for row in rows) - min(int(row[0]) for row in rows)) / 1e6
    return {"cpu": used / len(rows) / 1000, "rate": len(rows) / span, "p99": times[len(times) * 99 // 100]}


def run(name, options, folder):
    with start(name, options, folder) as server:
        command = ["wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds:g}s", "--latency"]
        if options.pipeline > 1:
            command += ["-s", write(folder, "pipeline.lua", PIPELINE.format(depth=options.pipeline))]
        url = f"http://127.0.0.1:{server.port}/"
        wrk = lambda: subprocess.run([*command, url], check=True, capture_output=True, text=True,
                                     preexec_fn=on_core(CLIENT_CORE)).stdout
        subprocess.run(["wrk", "-t1", "-c8", "-d1s", url], check=True, stdout=subprocess.DEVNULL)
        before = server.cpu_ns()
        text = wrk()
        used = server.cpu_ns() - before
    requests = int(re.search(r"(\d+) requests in", text)[1])
    if "Non-2xx" in text or "Socket errors" in text:
        sys.exit(f"{name}: {text}")
    units = {"us": 1, "ms": 1000, "s": 1000000}
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    return {"cpu": used / requests / 1000, "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            "p99": float(number) * units[unit]}


def find_servers(options):
    go = os.path.join(options.build, "bench/peers/http_go")
    if shutil.which("go"):
        subprocess.run(["go", "build", "-o", os.path.abspath(go), os.path.join(HERE, "peers/http.go")], check=True)
    there = {"weft:io_uring": True, "weft:epoll": True, "nginx": shutil.which("nginx"), "h2o": shutil.which("h2o"),
             "Go": os.path.exists(go), "Node": shutil.which("node")}
    names = options.servers.split(",") if options.servers else list(there)
    for name in names:
        if not there.get(name):
            print(f"{name} is not there, left out", file=sys.stderr)
    return [name for name in names if there.get(name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/release")
    parser.add_argument("--servers")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--connections", type=int, default=64)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--pipeline", type=int, default=1)
    how.add_argument("--load", type=float, help="requests a second")
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    servers = find_servers(options)
    generator = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="weft-http-") as folder:
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, "site"))  # h2o has no words of its own to say without a script
        write(folder, "site/index.txt", "Hello, World!")
        measure = offer if options.load else run
        runs = in_rounds(servers, options.rounds, generator, lambda name: measure(name, options, folder))
    how = f"{options.load:g} requests a second" if options.load else f"pipelined by {options.pipeline}"
    print(f"HTTP plaintext, {options.connections} connections, {how}, {options.rounds} rounds of "
          f"{options.seconds:g} s\n\n| server | CPU µs/request | requests/s | p99 µs |\n|---|---|---|---|")
    for name in servers:
        cpu, rate, p99 = medians(runs[name], "cpu", "rate", "p99")
        print(f"| {name} | {cpu:.3f} | {rate:.0f} | {p99:.0f} |")
    if "nginx" not in runs:
        return
    print("\n| CPU to nginx's, within a round | median | 95 % upper bound |\n|---|---|---|")
    for name in servers:
        middle, bound = ratio(runs[name], runs["nginx"], "cpu", 9500, generator)
        print(f"| {name} | {middle:.3f} | {bound:.3f} |")


if __name__ == "__main__":
    main()
