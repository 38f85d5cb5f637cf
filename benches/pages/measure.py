#!/usr/bin/env python3
"""How long our own pages take in a large home: 1,000 add-ons, 10,000 sessions and 2,000 users.

In: a binary, and the example `sessions` that fills its file. Out: a row for each page with the median and the worst of its times
from this script's side, over one kept connection, and its size; 1 when a median is over the limit. It asks for the first page, for
the last one, and for what a search finds.
"""

import argparse
import hashlib
import http.client
import json
import re
import shutil
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDONS, SESSIONS, USERS = 1000, 10_000, 2000
LIMIT = 0.1

PAGES = [
    "/.vestibule/",
    "/.vestibule/account",
    "/.vestibule/operator/overview",
    "/.vestibule/operator/sessions",
    "/.vestibule/operator/sessions?page=199",
    "/.vestibule/operator/sessions?search=person-1234",
    "/.vestibule/operator/add-ons",
    "/.vestibule/operator/add-ons?page=19",
    "/.vestibule/operator/add-ons/addon-999",
    "/.vestibule/operator/people",
    "/.vestibule/operator/people?page=40&columns=83",
    "/.vestibule/operator/people?search=person-1234",
    "/.vestibule/operator/refusals",
    "/.vestibule/operator/why?user=person-1234&with=alice&url=/ingress/addon-999/",
    "/.vestibule/operator/configuration",
    "/.vestibule/operator/configuration?search=addon-999",
]


def main():
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="pages-") as name:
        folder = Path(name)
        port = free_port()
        ids = furnish(folder, port)
        users = "".join(f"{user}\n" for user in ids)
        subprocess.run([options.sessions, folder / "sessions.redb", str(SESSIONS)], input=users, text=True, check=True)
        command = [options.bin, "--config", folder / "config.toml"]
        with open(folder / "log", "w") as log:
            program = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            cookie = new_session(command)
            return report(folder, port, cookie, options.times)
        finally:
            program.terminate()
            program.wait()


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    target = ROOT / "target/release"
    parser.add_argument("--bin", type=Path, default=target / "vestibule", help="what is measured")
    parser.add_argument("--sessions", type=Path, default=target / "examples/sessions", help="what fills the file of sessions")
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for")
    return parser.parse_args()


def furnish(folder, port):
    """The home with its users, and the configuration with its add-ons. Returns the ids of the users."""
    shutil.copytree(ROOT / "examples/home", folder / "home")
    auth = folder / "home/.storage/auth"
    document = json.loads(auth.read_text())
    users = document["data"]["users"]
    ids = [user["id"] for user in users if user["is_active"] and not user["system_generated"]]
    for number in range(USERS - len(users)):
        name = f"person-{number}"
        user = hashlib.sha256(name.encode()).hexdigest()[:32]
        ids.append(user)
        users.append({"id": user, "group_ids": ["system-users"], "is_owner": False, "is_active": True, "name": f"Person {number}",
                      "system_generated": False, "local_only": False})
        document["data"]["credentials"].append({"id": user[::-1], "user_id": user, "auth_provider_type": "homeassistant",
                                                "auth_provider_id": None, "data": {"username": name}})
    auth.chmod(0o644)
    auth.write_text(json.dumps(document))
    addons = "".join(
        f'[[addon]]\nslug = "addon-{number}"\ntitle = "Add-on {number}"\nupstream = "http://127.0.0.1:1"\npath = "/ingress/addon-{number}"\n'
        f'access = {{ admin_only = {"true" if number % 3 == 0 else "false"} }}\n' for number in range(ADDONS))
    (folder / "config.toml").write_text(
        f'[listen]\nhttps = ["127.0.0.1:{port}"]\noperations = false\ncontrol = "control.sock"\n[tls]\ndevelopment = "certs"\n'
        f'[home_assistant]\nconfig_dir = "home"\n[session]\nstore = "sessions.redb"\nidle_timeout = "12h"\n{addons}')
    return ids


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def new_session(command):
    """The cookie of an administrator, once the program answers."""
    deadline = time.monotonic() + 120
    while True:
        made = subprocess.run([*command, "sessions", "new", "--user", "alice"], capture_output=True, text=True)
        found = re.search(r"__Host-ingress_session=\S+", made.stdout)
        if found:
            return found.group().rstrip(";\"'")
        if time.monotonic() > deadline:
            sys.exit(f"vestibule does not answer: {made.stderr}")


def report(folder, port, cookie, times):
    context = ssl.create_default_context(cafile=folder / "certs/vestibule-dev-ca.crt")
    connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=60)
    headers = {"Cookie": cookie, "Accept": "text/html", "Sec-Fetch-Dest": "document", "Sec-Fetch-Mode": "navigate"}
    over = False
    print(f"{'page':<82} {'median':>9} {'worst':>9} {'size':>9}")
    for page in PAGES:
        taken = []
        for _ in range(times):
            before = time.perf_counter()
            connection.request("GET", page, headers=headers)
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - before)
            if answer.status != 200:
                sys.exit(f"{page}: {answer.status}")
        median = statistics.median(taken)
        over = over or median > LIMIT
        print(f"{page:<82} {median * 1000:>6.1f} ms {max(taken) * 1000:>6.1f} ms {len(body) / 1024:>5.0f} KiB{'  <-- over' if median > LIMIT else ''}")
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
