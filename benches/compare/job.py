"""The job that every proxy is given: a thousand people with a session each, one add-on, one certificate.

In: a folder. Out: the people, a certificate, a Home Assistant home that knows them, and an add-on on loopback.
"""

import hashlib
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PEOPLE = 1000
PREFIX = "/ingress/bench"
PAGE = b"<!doctype html><title>add-on</title><p>A small page, a hundred bytes or so, as most answers are.</p>"
DOWNLOAD_BYTES = 1 << 20


@dataclass(frozen=True)
class Person:
    """Somebody with a session."""

    id: str
    name: str
    display_name: str
    token: str


def people(number=PEOPLE):
    """A thousand people; the token is for the proxies that take a made table."""
    return [Person(digest("user", i)[:32], f"person{i}", f"Persón Number {i}", digest("token", i)[:43]) for i in range(number)]


def digest(kind, number):
    return hashlib.sha256(f"{kind} {number}".encode()).hexdigest()


def make_home(folder, persons):
    """A copy of `examples/home` in which the persons are users as well."""
    home = folder / "home"
    shutil.copytree(REPOSITORY / "examples" / "home", home)
    auth = home / ".storage" / "auth"
    os.chmod(auth, 0o644)
    document = json.loads(auth.read_text())
    model = {"group_ids": ["system-users"], "is_owner": False, "is_active": True, "system_generated": False, "local_only": False}
    for i, person in enumerate(persons):
        document["data"]["users"].append({"id": person.id, "name": person.display_name, **model})
        document["data"]["credentials"].append({
            "id": digest("credential", i)[:32],
            "user_id": person.id,
            "auth_provider_type": "homeassistant",
            "auth_provider_id": None,
            "data": {"username": person.name},
        })
    auth.write_text(json.dumps(document))
    return home


def make_certificate(folder):
    """One ECDSA certificate for all: `cert.pem`, `key.pem`, and `both.pem` as HAProxy wants it."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
               "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-subj", "/CN=localhost",
               "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    (folder / "both.pem").write_bytes((folder / "cert.pem").read_bytes() + (folder / "key.pem").read_bytes())


def addon_configuration(folder, port):
    """nginx as the add-on: a small page, a file of one MiB, and a page that shows who asked."""
    files = folder / "files"
    files.mkdir()
    (files / "1m.bin").write_bytes(os.urandom(DOWNLOAD_BYTES))
    return f"""
worker_processes 1; daemon off; pid {folder}/addon.pid; error_log {folder}/addon.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; sendfile on; keepalive_requests 100000000; keepalive_timeout 600s;
  underscores_in_headers on;
  {nginx_scratch(folder, "addon")}
  server {{
    listen 127.0.0.1:{port} backlog=4096; default_type text/html;
    location / {{ return 200 "{PAGE.decode()}"; }}
    location /seen {{ return 200 "$http_x_remote_user_id|$http_x_remote_user_name|$http_x_remote_user_display_name|$http_x_ingress_path|$request_uri"; }}
    location /files/ {{ alias {files}/; }}
    location {PREFIX}/files/ {{ alias {files}/; }}
  }}
}}
"""


def nginx_scratch(folder, name):
    """nginx's folders for what it spools, away from the system's."""
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    return " ".join(f"{kind}_temp_path {folder}/{name}-{kind};" for kind in kinds)
