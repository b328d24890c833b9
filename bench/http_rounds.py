# SPDX-License-Identifier: Apache-2.0
"""What run_http.py and run_static.py have in common: servers on one core, rounds in a shuffled order, ratios within a round."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time

SERVER_CORE, CLIENT_CORE = 0, 1
NGINX = """worker_processes 1; daemon off; master_process off; error_log stderr crit; pid {folder}/nginx.pid; {user}
events {{ worker_connections 4096; }}
http {{ access_log off; {directives} keepalive_requests 1000000000;
        client_body_temp_path {folder}; proxy_temp_path {folder};
        fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
        server {{ listen 127.0.0.1:{port} backlog=1024; {location} }} }}
"""


def on_core(core):
    """For a child process, before its program begins."""
    return lambda: os.sched_setaffinity(0, {core})


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        file.write(text)
    return path


class Server:
    """A running server, ended by its pid."""

    def __init__(self, name, port, command, **environment):
        self.port = port
        self.process = subprocess.Popen(command, env=dict(os.environ, **environment), stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=on_core(SERVER_CORE))
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.05)
        self.process.kill()
        sys.exit(f"{name}: does not listen")

    def cpu_ns(self):
        """Of all its threads, those that have ended too: clock_getcpuclockid(3)."""
        return time.clock_gettime_ns((~self.process.pid << 3) | 2)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def weft_server(name, options, *arguments):
    """@param name  "weft:" and the backend"""
    port = free_port()
    return Server(name, port, [os.path.join(options.build, "bench/http_server"), str(port), *arguments],
                  WEFT_BACKEND=name.split(":")[1])


def nginx_server(folder, location, directives=""):
    port = free_port()
    user = "user root root;" if os.geteuid() == 0 else ""
    text = NGINX.format(port=port, folder=folder, user=user, directives=directives, location=location)
    return Server("nginx", port, ["nginx", "-p", folder, "-c", write(folder, "nginx.conf", text)])


def in_rounds(servers, rounds, generator, measure):
    """Every round measures every server once. @return by name what `measure(name)` gave, in the rounds' order"""
    runs = {name: [] for name in servers}
    for number in range(rounds):
        for name in generator.sample(servers, len(servers)):
            runs[name].append(measure(name))
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return runs


def medians(runs, *keys):
    return [statistics.median(r[key] for r in runs) for key in keys]


def ratio(runs, peers, key, bound, generator):
    """Within a round. @return the median, and by bootstrap a bound of it, in ten thousandths"""
    ratios = [a[key] / b[key] for a, b in zip(runs, peers)]
    drawn = sorted(statistics.median(generator.choices(ratios, k=len(ratios))) for _ in range(10000))
    return statistics.median(ratios), drawn[bound]
