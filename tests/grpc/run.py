#!/usr/bin/env python3
"""A client and a server of gRPC's own library, with vestibule between them: calls, streams, statuses, deadlines, identity.

    python3 -m venv /tmp/grpc && /tmp/grpc/bin/pip install --requirement tests/grpc/requirements.txt
    cargo build && /tmp/grpc/bin/python tests/grpc/run.py

`--bin` names another binary. Nothing is left behind: all files are in a temporary folder.
"""

import argparse
import concurrent.futures
import pathlib
import queue
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request

import grpc

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
FRANK = "58c50fbf54e3424a8679b60b36e9c601"
PATIENCE = 20


class Service(grpc.GenericRpcHandler):
    """Takes every method as bytes: `Say` sends one message back, `Talk` each of many, `Fail` says no, `Wait` never answers."""

    def __init__(self):
        self.seen = queue.Queue()
        self.ended = threading.Event()

    def service(self, call):
        self.seen.put(dict(call.invocation_metadata))
        name = call.method.rsplit("/", 1)[-1]
        if name == "Talk":
            return grpc.stream_stream_rpc_method_handler(self.talk)
        return grpc.unary_unary_rpc_method_handler({"Say": self.say, "Fail": self.fail, "Wait": self.wait}[name])

    def say(self, message, context):
        context.set_trailing_metadata((("x-checksum", "1"), ("x-remote-user-id", "root")))
        return message

    def talk(self, messages, context):
        context.add_callback(self.ended.set)
        yield from messages

    def fail(self, message, context):
        context.abort(grpc.StatusCode.NOT_FOUND, "no such thing: ü")

    def wait(self, message, context):
        context.add_callback(self.ended.set)
        self.ended.wait(PATIENCE)
        return message


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Vestibule:
    def __init__(self, binary, folder, service_port):
        self.binary, self.folder = binary, folder
        self.port, self.operations = free_port(), free_port()
        shutil.copytree(REPOSITORY / "examples" / "home", folder / "home")
        (folder / "config.toml").write_text(f"""
[listen]
https = ["127.0.0.1:{self.port}"]
operations = "127.0.0.1:{self.operations}"
[tls]
development = "certs"
[home_assistant]
config_dir = "home"
[session]
store = "memory"
[[addon]]
slug = "calls"
upstream = "http://127.0.0.1:{service_port}"
path = "/ingress/calls"
protocol = "grpc"
""")
        self.log = open(folder / "log", "w", encoding="utf-8")
        self.process = subprocess.Popen([binary, "--config", folder / "config.toml"], stderr=self.log)

    def __enter__(self):
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.operations}/readyz").close()
                return self
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE)
        self.log.close()

    def command(self, *arguments):
        command = [self.binary, "--config", self.folder / "config.toml", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def channel(self):
        authority = (self.folder / "certs" / "vestibule-dev-ca.crt").read_bytes()
        return grpc.secure_channel(f"localhost:{self.port}", grpc.ssl_channel_credentials(authority))


def status_of(call):
    try:
        call()
    except grpc.RpcError as error:
        return error.code(), error.details()
    raise AssertionError("the call had to fail")


def journey(vestibule, service):
    cookie = (("cookie", vestibule.command("sessions", "new", "--user", "frank")),)
    with vestibule.channel() as channel:
        unary = lambda name: channel.unary_unary(f"/ingress/calls/demo.Echo/{name}")

        code, _ = status_of(lambda: unary("Say")(b"hello", timeout=PATIENCE))
        assert code == grpc.StatusCode.UNAUTHENTICATED, code
        assert service.seen.empty(), "without a session nothing is called"

        lies = (("x-remote-user-id", "root"), ("x_remote_user_id", "root"), ("x-mine", "1"))
        answer, call = unary("Say").with_call(b"hello", metadata=cookie + lies, timeout=PATIENCE)
        seen = service.seen.get(timeout=PATIENCE)
        assert answer == b"hello", answer
        assert seen["x-remote-user-id"] == FRANK and seen["x-mine"] == "1", seen
        assert "x_remote_user_id" not in seen and "cookie" not in seen, seen
        assert dict(call.trailing_metadata()) == {"x-checksum": "1"}, call.trailing_metadata()

        large = bytes(3_000_000)
        assert unary("Say")(large, metadata=cookie, timeout=PATIENCE) == large

        code, details = status_of(lambda: unary("Fail")(b"", metadata=cookie, timeout=PATIENCE))
        assert (code, details) == (grpc.StatusCode.NOT_FOUND, "no such thing: ü"), (code, details)

        code, _ = status_of(lambda: unary("Wait")(b"", metadata=cookie, timeout=0.5))
        assert code == grpc.StatusCode.DEADLINE_EXCEEDED, code
        assert service.ended.wait(PATIENCE), "the service is told that nobody waits any more"
        service.ended.clear()

        talk = channel.stream_stream("/ingress/calls/demo.Echo/Talk")
        messages = [bytes([n % 256]) * n for n in range(1000)]
        assert list(talk(iter(messages), metadata=cookie, timeout=PATIENCE)) == messages
        service.ended.clear()

        said = queue.Queue()
        said.put(b"first")
        answers = talk(iter(said.get, None), metadata=cookie)
        assert next(answers) == b"first", "while the stream is open"
        vestibule.command("sessions", "revoke", "--user", "frank")
        revoked = time.monotonic()
        code, _ = status_of(lambda: next(answers))
        assert time.monotonic() - revoked < 1.5, "a stream ends with its session"
        assert service.ended.wait(PATIENCE), "at the service too"
        print(f"a stream of a revoked session ends as {code.name}")
        said.put(None)


def main():
    arguments = argparse.ArgumentParser(description="gRPC's own library through vestibule")
    arguments.add_argument("--bin", default=REPOSITORY / "target" / "debug" / "vestibule")
    binary = pathlib.Path(arguments.parse_args().bin).resolve()
    service = Service()
    server = grpc.server(concurrent.futures.ThreadPoolExecutor(8), handlers=[service])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with tempfile.TemporaryDirectory() as folder, Vestibule(binary, pathlib.Path(folder), port) as vestibule:
        try:
            journey(vestibule, service)
        except BaseException:
            print((pathlib.Path(folder) / "log").read_text(encoding="utf-8"))
            raise
    server.stop(None)
    print("gRPC: all of it passed")


if __name__ == "__main__":
    main()
