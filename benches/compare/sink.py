#!/usr/bin/env python3
"""An add-on that takes uploads and throws them away, and that sends back every byte of a WebSocket.

In: a port. It looks into no frame: what it gets is what it sends, and the load generator expects just that.
"""

import base64
import hashlib
import socket
import sys
import threading

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 section 1.3
PIECE = 1 << 20


def main():
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=512)
    while True:
        connection, _ = listener.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


def serve(connection):
    buffer = memoryview(bytearray(PIECE))
    ahead = b""
    with connection:
        try:
            while True:
                while b"\r\n\r\n" not in ahead:
                    piece = connection.recv(65536)
                    if not piece:
                        return
                    ahead += piece
                head, _, ahead = ahead.partition(b"\r\n\r\n")
                fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
                if b"upgrade" in fields:
                    key = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key: "))
                    accept(connection, key.split(b": ", 1)[1])
                    return echo(connection, buffer)
                left = int(fields.get(b"content-length", b"0")) - len(ahead)
                ahead = b""
                while left > 0:
                    taken = connection.recv_into(buffer, min(left, PIECE))
                    if not taken:
                        return
                    left -= taken
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        except ConnectionError:
            return


def accept(connection, key):
    answer = base64.b64encode(hashlib.sha1(key.strip() + GUID).digest())
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " + answer + b"\r\n\r\n")


def echo(connection, buffer):
    while taken := connection.recv_into(buffer):
        connection.sendall(buffer[:taken])


if __name__ == "__main__":
    main()
