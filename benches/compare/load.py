"""The load: what a browser sends, over one kind of connection at a time, for a bounded time.

In: a proxy and a case. Out: how many requests were answered, how fast, and how many badly.
"""

import json
import re
import subprocess
import time
from pathlib import Path

import streams

SCRIPT = Path(__file__).with_name("wrk.lua")
STATUS_CODES = r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx"
LEAD = 0.5  # seconds that the busy client is ahead of its neighbour
GRACE = 30  # seconds that a load generator may need beyond the time it was given
PACED_CLIENTS, PACED_RATE = 20, 50  # a thousand requests a second together

BROWSER = [
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: en-US,en;q=0.9",
    "Accept-Encoding: gzip, deflate, br",
    "X-Remote-User-Id: made-up",
]
OTHER_COOKIES = "theme=dark; lang=en"

CASES = {
    "h1": "HTTP/1.1, 32 kept connections, as fast as it goes",
    "h2": "HTTP/2, 8 connections with 16 streams each, as fast as it goes",
    "crowd": "HTTP/1.1, 1,000 kept connections, as fast as it goes",
    "neighbour": "HTTP/1.1, one kept connection, beside one busy HTTP/2 connection with 100 streams; latency is its own alone",
    "handshake": "HTTP/1.1, a new connection and TLS handshake for every request, 16 at a time",
    "download": "HTTP/1.1, a file of 1 MiB, 4 kept connections, as fast as it goes",
    "upload": "HTTP/1.1, a file of 100 MiB, 2 at a time, as fast as it goes",
    "websocket": "16 open WebSockets, a message of 128 bytes there and back on each, as fast as it goes",
    "idle": f"{streams.IDLE} kept connections that ask once and then nothing: memory",
    "sockets": f"{streams.IDLE} open WebSockets, each of another person, on which nothing is said: memory",
    "half": "HTTP/1.1, 32 kept connections, half of the requests a second that the slowest proxy can do: latency",
    "paced": f"HTTP/1.1, {PACED_CLIENTS} kept connections, {PACED_CLIENTS * PACED_RATE} requests a second",
}


def load(case, proxy, seconds, folder, rate=0, while_open=lambda: None):
    """One case against one proxy: `requests`, `seconds`, `p50_us`, `p99_us`, `bad`.

    `rate` is for `half`: requests a second of all connections. `while_open` is called when all connections of `idle` or `sockets` are open.
    """
    match case:
        case "h1":
            return wrk(proxy, seconds, folder, connections=32)
        case "h2":
            return h2load(proxy, seconds, folder, ["-c8", "-m16"])
        case "crowd":
            return wrk(proxy, seconds, folder, connections=1000)
        case "neighbour":
            return neighbour(proxy, seconds, folder)
        case "handshake":
            return wrk(proxy, seconds, folder, connections=16, extra=["Connection: close"])
        case "download":
            return wrk(proxy, seconds, folder, connections=4, path="files/1m.bin")
        case "upload":
            return streams.upload(proxy, seconds, folder, one_person(proxy))
        case "websocket":
            return streams.websocket(proxy, seconds, folder, one_person(proxy))
        case "idle":
            return streams.idle(proxy, folder, BROWSER, while_open)
        case "sockets":
            return streams.sockets(proxy, folder, BROWSER, while_open)
        case "half":
            return h2load(proxy, seconds, folder, ["--h1", "-c32", f"--rps={max(1, round(rate / 32))}"])
        case "paced":
            return h2load(proxy, seconds, folder, ["--h1", f"-c{PACED_CLIENTS}", f"--rps={PACED_RATE}"])
    raise ValueError(f"no case {case}")


def wrk(proxy, seconds, folder, connections, extra=(), path=""):
    headers, cookies = folder / "headers.txt", folder / f"{proxy.name}.cookies.txt"
    headers.write_text("\n".join([*BROWSER, f"Cookie: {OTHER_COOKIES}", *extra]) + "\n")
    cookies.write_text("\n".join(proxy.cookies) + "\n")
    out = run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", SCRIPT, proxy.base + path, "--", headers, cookies], seconds)
    return json.loads(out.strip().splitlines()[-1])


def h2load(proxy, seconds, folder, shape):
    """h2load sends one person's cookie; the latency of every request comes from its log."""
    log = folder / "h2load.tsv"
    log.unlink(missing_ok=True)
    heads = [part for line in one_person(proxy) for part in ("-H", line)]
    out = run(["h2load", "-t1", *shape, "-D", str(seconds), f"--log-file={log}", *heads, proxy.base], seconds)
    good, *others = (int(number) for number in re.search(STATUS_CODES, out).groups())
    failed = int(re.search(r"(\d+) failed", out).group(1))
    took = sorted(int(line.split("\t")[2]) for line in log.read_text().splitlines())
    return {
        "requests": good + sum(others),
        "seconds": float(seconds),
        "p50_us": percentile(took, 50),
        "p99_us": percentile(took, 99),
        "bad": sum(others) + failed,
    }


def neighbour(proxy, seconds, folder):
    """What one client sees while another one is busy; the requests of both are counted, as the CPU time is of both."""
    heads = [part for line in one_person(proxy) for part in ("-H", line)]
    busy = ["h2load", "-t1", "-c1", "-m100", "-D", str(seconds + 1), *heads, proxy.base]
    with subprocess.Popen(busy, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as other:
        try:
            time.sleep(LEAD)
            result = wrk(proxy, seconds, folder, connections=1)
            out, _ = other.communicate(timeout=seconds + GRACE)
        finally:
            other.kill()
    good, *others = (int(number) for number in re.search(STATUS_CODES, out).groups())
    return {**result, "requests": result["requests"] + good, "bad": result["bad"] + sum(others)}


def one_person(proxy):
    return [*BROWSER, f"Cookie: {OTHER_COOKIES}; {proxy.cookies[0]}"]


def percentile(ordered, share):
    return ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0


def run(command, seconds):
    """The output of a load generator; its own errors are the caller's."""
    ran = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + GRACE)
    if ran.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{ran.stdout}{ran.stderr}")
    return ran.stdout
