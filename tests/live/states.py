#!/usr/bin/env python3
"""Compares vestibule's engine with a running Home Assistant, user by user.

What `GET /api/states` shows to a user must be what `vestibule explain --cases` permits them to read, among all entities
that this Home Assistant has. Nothing but Python's standard library is needed:

    tests/live/states.py --config-dir HOME [--url http://127.0.0.1:8123] [--bin target/debug/vestibule]

HOME is the configuration folder that the running Home Assistant uses; a copy of examples/home has the users and passwords
that are built in here. For another home, --users FILE has one `user name<TAB>password` a line; one of them must be the
owner. Exits 0 when all is equal and at least one user was compared, 1 otherwise.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request

EXAMPLE = ["owner", "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config-dir", required=True, type=pathlib.Path)
    parser.add_argument("--url", default="http://127.0.0.1:8123")
    parser.add_argument("--bin", default="target/debug/vestibule")
    parser.add_argument("--users", type=pathlib.Path)
    options = parser.parse_args()
    shown, refused = {}, []
    for name, password in passwords(options.users):
        token = sign_in(options.url, name, password)
        if token is None:
            refused.append(name)
        else:
            shown[name] = {state["entity_id"] for state in get(options.url, "/api/states", token)}
    everything = set().union(*shown.values())
    if not everything:
        sys.exit("no user could sign in, or nobody sees anything: nothing was compared")
    permitted = explained(options, sorted(shown), sorted(everything))
    mismatches = 0
    for name in sorted(shown):
        ours, theirs = permitted[name], shown[name]
        differs = ours ^ theirs
        mismatches += len(differs)
        print(f"{name}: Home Assistant shows {len(theirs)}, vestibule permits {len(ours)} of {len(everything)}")
        for entity in sorted(differs):
            print(f"  {entity}: {'permitted and not shown' if entity in ours else 'shown and not permitted'}")
    print(f"cannot sign in: {', '.join(refused) or 'nobody'}")
    print(f"{len(shown) * len(everything)} answers about {len(shown)} users compared, {mismatches} mismatches")
    sys.exit(1 if mismatches else 0)


def passwords(file):
    if file is None:
        return [(name, f"{name}-pass-1") for name in EXAMPLE] + [("zoë", "zoë-päss-1")]
    lines = file.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t", 1)) for line in lines if line]


def sign_in(url, name, password):
    """The login flow as the frontend has it. None when Home Assistant refuses the user."""
    client = url + "/"
    flow = post(url, "/auth/login_flow", {"client_id": client, "handler": ["homeassistant", None], "redirect_uri": client})
    answer = {"client_id": client, "username": name, "password": password}
    try:
        result = post(url, f"/auth/login_flow/{flow['flow_id']}", answer)
    except urllib.error.HTTPError as error:
        if error.code in (401, 403):
            return None
        raise
    if result.get("type") != "create_entry":
        return None
    form = {"grant_type": "authorization_code", "code": result["result"], "client_id": client}
    request = urllib.request.Request(url + "/auth/token", data=urllib.parse.urlencode(form).encode())
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)["access_token"]
    except urllib.error.HTTPError as error:
        if error.code in (400, 401, 403):
            return None
        raise


def post(url, path, body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url + path, data=json.dumps(body).encode(), headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def get(url, path, token):
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def explained(options, users, entities):
    """What vestibule permits each user to read, by its own reading of the same folder."""
    questions = [(user, entity) for user in users for entity in entities]
    lines = "".join(json.dumps({"user": user, "entity": entity, "access": "read"}) + "\n" for user, entity in questions)
    with tempfile.TemporaryDirectory() as folder:
        config = pathlib.Path(folder, "config.toml")
        config.write_text(f"home_assistant.config_dir = {json.dumps(str(options.config_dir.resolve()))}\n")
        command = [options.bin, "explain", "--config", config, "--cases", "-"]
        said = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, check=True)
    answers = [json.loads(line) for line in said.stdout.splitlines()]
    if len(answers) != len(questions):
        sys.exit(f"{len(questions)} questions, {len(answers)} answers")
    permitted = {user: set() for user in users}
    for (user, entity), answer in zip(questions, answers):
        if answer["decision"] == "permit":
            permitted[user].add(entity)
    return permitted


if __name__ == "__main__":
    main()
