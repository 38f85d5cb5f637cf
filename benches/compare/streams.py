"""Load that no HTTP load generator makes: large uploads, and WebSockets whose messages go there and back.

In: a proxy and how it is asked. Out: the same figures as for every other case; a request is an upload, or a message.
"""

import os
import socket
import ssl
import subprocess
import threading
import time

UPLOAD_BYTES = 100 << 20
UPLOADS_AT_ONCE = 2
SOCKETS, MESSAGE_BYTES = 16, 128
IDLE = 1000


def upload(proxy, seconds, folder, headers):
    """curl sends a file of 100 MiB again and again, two at a time."""
    file, certificate = folder / "100m.bin", folder / "cert.pem"
    if not file.exists():
        file.write_bytes(os.urandom(1 << 20) * (UPLOAD_BYTES >> 20))
    heads = [part for line in [*headers, "Expect:"] for part in ("-H", line)]
    command = ["curl", "--silent", "--noproxy", "*", "--http1.1", "--cacert", certificate, "--upload-file", file, "--output", "/dev/null",
               "--write-out", "%{http_code}", *heads, f"{proxy.base}sink/upload"]

    def one():
        answer = subprocess.run([str(part) for part in command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        return answer.stdout == "200"

    return together(UPLOADS_AT_ONCE, seconds, lambda: one)


def websocket(proxy, seconds, folder, headers):
    """Each of the sockets sends a message and waits until it is back."""
    context = client_context(folder)

    def opened():
        stream = open_websocket(proxy, context, headers)
        # A binary frame with a mask of zeroes (RFC 6455 section 5.2).
        message = bytes([0x82, 0x80 | 126]) + MESSAGE_BYTES.to_bytes(2, "big") + bytes(4) + os.urandom(MESSAGE_BYTES)

        def one():
            stream.sendall(message)
            back = b""
            while len(back) < len(message):
                piece = stream.recv(len(message) - len(back))
                if not piece:
                    raise RuntimeError(f"{proxy.name} closed a WebSocket")
                back += piece
            return back == message

        return one

    return together(SOCKETS, seconds, opened)


def idle(proxy, folder, headers, while_open):
    """Each connection asks once, with another person's session, and is kept."""
    context = client_context(folder)

    def opened(cookie):
        stream = connect(proxy, context)
        path = proxy.base.split(f":{proxy.port}", 1)[1]
        stream.sendall("\r\n".join([f"GET {path} HTTP/1.1", f"Host: localhost:{proxy.port}", *headers, f"Cookie: {cookie}", "", ""]).encode())
        if not stream.recv(4096).startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{proxy.name} does not answer")
        return stream

    return held(proxy, opened, while_open)


def sockets(proxy, folder, headers, while_open):
    """Each WebSocket is another person's."""
    context = client_context(folder)
    return held(proxy, lambda cookie: open_websocket(proxy, context, [*headers, f"Cookie: {cookie}"]), while_open)


def held(proxy, opened, while_open):
    begun = time.monotonic()
    streams = [opened(proxy.cookies[number % len(proxy.cookies)]) for number in range(IDLE)]
    took = time.monotonic() - begun
    while_open()
    for stream in streams:
        stream.close()
    return {"requests": IDLE, "seconds": took, "p50_us": 0, "p99_us": 0, "bad": 0}


def client_context(folder):
    context = ssl.create_default_context(cafile=str(folder / "cert.pem"))
    context.set_alpn_protocols(["http/1.1"])
    return context


def connect(proxy, context):
    stream = context.wrap_socket(socket.create_connection(("127.0.0.1", proxy.port)), server_hostname="localhost")
    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream.settimeout(30)
    return stream


def open_websocket(proxy, context, headers):
    stream = connect(proxy, context)
    path = proxy.base.split(f":{proxy.port}", 1)[1]
    lines = [f"GET {path}sink/ws HTTP/1.1", f"Host: localhost:{proxy.port}", f"Origin: https://localhost:{proxy.port}", "Connection: Upgrade",
             "Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", *headers, "", ""]
    stream.sendall("\r\n".join(lines).encode())
    head = b""
    while b"\r\n\r\n" not in head:
        piece = stream.recv(1)
        if not piece:
            break
        head += piece
    if not head.startswith(b"HTTP/1.1 101"):
        raise RuntimeError(f"{proxy.name} opens no WebSocket: {head.decode(errors='replace').splitlines()[:1]}")
    return stream


def together(workers, seconds, make):
    """Does what `make` makes, in so many threads at once, for so long."""
    took, bad, broken = [], [], []
    ones = [make() for _ in range(workers)]
    begun = time.monotonic()

    def work(one):
        try:
            while time.monotonic() - begun < seconds:
                at = time.monotonic()
                good = one()
                took.append((time.monotonic() - at) * 1e6)
                if not good:
                    bad.append(1)
        except (OSError, RuntimeError, subprocess.SubprocessError) as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(one,)) for one in ones]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if broken:
        raise RuntimeError(str(broken[0]))
    ordered = sorted(took)
    at = lambda share: ordered[min(len(ordered) - 1, len(ordered) * share // 100)] if ordered else 0
    return {"requests": len(took), "seconds": time.monotonic() - begun, "p50_us": at(50), "p99_us": at(99), "bad": len(bad)}
