"""Does a proxy do the job at all? Asked before anything is measured.

In: a running proxy. Out: the list of what it gets wrong, empty when it may be measured.
"""

import subprocess

from job import PREFIX

SPOOFED = ["X-Remote-User-Id: made-up", "x_remote_user_id: made-up", "X-Remote-User-Display-Name: made-up", "X-Ingress-Path: /made-up"]
SAMPLES = (0, 499, 999)


def faults(proxy, persons, certificate):
    """Asks over HTTP/1.1 and HTTP/2 as several people, with made-up headers, and without a session."""
    found = []
    for version in ("--http1.1", "--http2"):
        for number in SAMPLES:
            person = persons[number]
            expected = "|".join([person.id, person.name, person.display_name, PREFIX, "/seen?a=%2F"])
            status, body = ask(proxy, version, certificate, proxy.cookies[number], "seen?a=%2F", SPOOFED)
            if (status, body) != ("200", expected):
                found.append(f"{version} as {person.name}: {status} {body!r} instead of {expected!r}")
        name = proxy.cookies[0].split("=", 1)[0]
        for cookie in ("none=1", f"{name}={'A' * 43}"):
            status, _ = ask(proxy, version, certificate, cookie, "seen", SPOOFED)
            if status != "401":
                found.append(f"{version} without a session ({cookie[:12]}...): {status} instead of 401")
    return found


def ask(proxy, version, certificate, cookie, path, headers):
    heads = [part for line in [*headers, f"Cookie: {cookie}"] for part in ("-H", line)]
    command = ["curl", "--silent", "--noproxy", "*", "--max-time", "10", version, "--cacert", certificate, "--write-out", "\n%{http_code}", *heads, proxy.base + path]
    answer = subprocess.run([str(part) for part in command], capture_output=True, text=True).stdout
    body, _, status = answer.rpartition("\n")
    return status, body
