#!/usr/bin/env python3
"""Add-ons with roles of their own, behind vestibule: each is asked as two users of two roles, and must tell them apart.

    python3 -m venv /tmp/roles && /tmp/roles/bin/pip install copyparty octoprint
    cargo build && /tmp/roles/bin/python tests/addons/roles.py [copyparty] [octoprint]

The tables are those of docs/add-ons.md. Exit code 0 when every program does as its user may; a program that is not
installed is said to be skipped.
"""

import http.client
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
VESTIBULE = os.environ.get("VESTIBULE_BIN", str(ROOT / "target/debug/vestibule"))
BIN = pathlib.Path(sys.executable).parent


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def table(slug, port, folder):
    """The table of docs/add-ons.md with this slug, with the program's port in it."""
    text = (ROOT / "docs/add-ons.md").read_text()
    blocks = [block.split("```")[0] for block in text.split("```toml\n")[1:]]
    block = next(block for block in blocks if f'slug = "{slug}"' in block)
    lines = [line for line in block.splitlines() if not line.startswith("upstream")]
    return "\n".join(lines) + f'\nupstream = "http://127.0.0.1:{port}"\n'


class Vestibule:
    """A vestibule on a copy of the example home, with one add-on."""

    def __init__(self, folder, addon):
        self.folder = folder
        self.port = free_port()
        shutil.copytree(ROOT / "examples/home", folder / "home")
        (folder / "config.toml").write_text(
            f'[listen]\nhttps = ["127.0.0.1:{self.port}"]\noperations = false\ncontrol = "control.sock"\n'
            f'[tls]\ndevelopment = "certs"\n[home_assistant]\nconfig_dir = "home"\n[session]\nstore = "memory"\n{addon}'
        )
        self.process = subprocess.Popen([VESTIBULE, "--config", folder / "config.toml"], stderr=open(folder / "log", "w"))
        until(lambda: self.command("status"), "vestibule")

    def command(self, *arguments):
        done = subprocess.run([VESTIBULE, "--config", self.folder / "config.toml", *arguments], capture_output=True, text=True)
        return done.stdout if done.returncode == 0 else None

    def ask(self, user, method, path, body=None, **headers):
        cookie = self.command("sessions", "new", "--user", user).strip()
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("localhost", self.port, context=context, timeout=30)
        # A client that claims everything of itself is believed nothing.
        forged = {"X-Remote-User-Role": "admin", "X_Remote_User_Groups": "Administrators", "X-Remote-User-Name": "alice"}
        connection.request(method, path, body, {"Cookie": cookie, **forged, **headers})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors="replace")


def until(ready, what):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            if ready() is not None:
                return
        except (OSError, http.client.HTTPException):
            pass
        time.sleep(0.1)
    sys.exit(f"{what} did not start")


def answers(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read()


def copyparty(folder, port):
    """Administrators write, everybody else reads."""
    (folder / "files").mkdir()
    (folder / "files/a.txt").write_text("hello")
    (folder / "files.conf").write_text("[/]\n  ./files\n  accs:\n    r: @viewer\n    rwmd: @admin\n")
    return [
        BIN / "copyparty", "-i", "127.0.0.1", "-p", str(port), "-c", "files.conf", "--rp-loc", "/ingress/files",
        "--idp-h-usr", "x-remote-user-name", "--idp-h-grp", "x-remote-user-role", "--xff-hdr", "x-forwarded-for",
        "--xff-src", "127.0.0.1", "--rproxy", "1",
    ]


def judge_copyparty(vestibule):
    seen = {}
    for user in ("alice", "bob"):
        read, _ = vestibule.ask(user, "GET", "/ingress/files/a.txt")
        write, _ = vestibule.ask(user, "PUT", f"/ingress/files/{user}.txt", "x")
        seen[user] = (read, write < 300)
    return seen, {"alice": (200, True), "bob": (200, False)}


def octoprint(folder, port):
    """Administrators may change settings, everybody else only looks."""
    base = folder / "base"
    base.mkdir()
    (base / "config.yaml").write_text(
        "server: { firstRun: false, onlineCheck: { enabled: false }, pluginBlacklist: { enabled: false } }\n"
        "accessControl:\n  trustRemoteUser: true\n  addRemoteUsers: true\n  remoteUserHeader: X-Remote-User-Name\n"
        "  trustRemoteGroups: true\n  remoteGroupsHeader: X-Remote-User-Role\n"
        "  remoteGroupsMapping: { admin: admins, viewer: readonly }\n"
        "plugins: { _disabled: [softwareupdate, announcements, tracking, pluginmanager, discovery] }\n"
    )
    return [
        BIN / "octoprint", "serve", "--iknowwhatimdoing", "--basedir", str(base), "--host", "127.0.0.1", "--port", str(port),
    ]


def judge_octoprint(vestibule):
    seen = {}
    for user in ("alice", "bob"):
        status, text = vestibule.ask(user, "GET", "/ingress/octoprint/api/currentuser")
        said = json.loads(text) if status == 200 else {}
        settings, _ = vestibule.ask(user, "GET", "/ingress/octoprint/api/access/users")
        seen[user] = (said.get("name"), "admins" in said.get("groups", []), settings)
    return seen, {"alice": ("alice", True, 200), "bob": ("bob", False, 403)}


PROGRAMS = {
    "copyparty": ("files", copyparty, judge_copyparty, "/ingress/files/?reset"),
    "octoprint": ("octoprint", octoprint, judge_octoprint, "/online.txt"),
}


def main():
    failed = False
    for name in sys.argv[1:] or PROGRAMS:
        slug, start, judge, ready = PROGRAMS[name]
        if not (BIN / name).exists():
            print(f"skipped: {name} is not installed beside {sys.executable}")
            continue
        with tempfile.TemporaryDirectory() as temporary:
            folder, port = pathlib.Path(temporary), free_port()
            command = start(folder, port)
            home = {**os.environ, "HOME": temporary}
            program = subprocess.Popen(command, cwd=folder, env=home, stdout=open(folder / "program", "w"), stderr=subprocess.STDOUT)
            vestibule = None
            try:
                until(lambda: answers(port, ready), name)
                vestibule = Vestibule(folder, table(slug, port, folder))
                seen, expected = judge(vestibule)
                good = seen == expected
                failed |= not good
                print(f"{'ok' if good else 'NOT OK'}: {name}: {seen}" + ("" if good else f", expected {expected}"))
                if not good:
                    print((folder / "program").read_text()[-3000:], (folder / "log").read_text()[-3000:])
            finally:
                for process in filter(None, [program, vestibule and vestibule.process]):
                    process.terminate()
                    process.wait()
    sys.exit(failed)


main()
