"""The proxies under comparison, each configured for the same job.

In: a folder with the job in it. Out: one `Proxy` each, started. All write an access log to a file with what they do by default.
"""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from job import PREFIX, REPOSITORY, nginx_scratch
from processes import free_port, wait_for_port


@dataclass
class Addon:
    """The ports of the add-on: pages and files, and below `sink/` what takes uploads and echoes WebSockets."""

    pages: int
    sink: int


@dataclass
class Proxy:
    """A running proxy."""

    name: str
    version: str
    port: int
    pid: int
    cookies: list
    # Processes besides that work for the same requests.
    helpers: list = field(default_factory=list)
    # A floor does less than the job: it is measured in these cases, and not judged.
    only: tuple = ()

    @property
    def base(self):
        """Where the add-on is behind it."""
        return f"https://localhost:{self.port}{PREFIX}/"


def start_vestibule(folder, programs, persons, home, addon, binary, under=(), access_log=True, more=None, seconds=30):
    """vestibule with its defaults: redb store, access log to standard error, which goes to a file here. `under` is what it is run by,
    `more` what its tables `session` and `bench` have besides, and `addons` are further ones."""
    more = {"session": "", "bench": "", "addons": "", **(more or {})}
    port, operations = free_port(), free_port()
    config = folder / "vestibule.toml"
    # valgrind makes code and writes a file of its own, which the sandbox would refuse.
    config.write_text(f"""
sandbox = {str(not under).lower()}

[listen]
https = ["127.0.0.1:{port}"]
operations = "127.0.0.1:{operations}"
control = "run/v.sock"

[tls]
certificates = [{{ chain = "cert.pem", key = "key.pem" }}]

[home_assistant]
config_dir = "{home}"

[limits]
connections = 16384
connections_per_address = 8192

[log]
access = {str(access_log).lower()}

[session]
{more["session"]}

[[addon]]
slug = "bench"
title = "Bench"
upstream = "http://127.0.0.1:{addon.pages}"
path = "{PREFIX}"
connections = 256
{more["bench"]}

[[addon]]
slug = "sink"
upstream = "http://127.0.0.1:{addon.sink}"
path = "{PREFIX}/sink"
websockets = 8192

{more["addons"]}
""")
    os.chmod(folder / "key.pem", 0o600)
    child = programs.start("vestibule", [*under, binary, "--config", config], cwd=folder)
    wait_for_port(child, port, seconds)
    new = [binary, "--config", config, "sessions", "new", "--user"]
    cookies = [run([*new, person.name], folder) for person in persons]
    return Proxy("vestibule", run([binary, "-V"], folder), port, child.pid, cookies)


def start_nginx(folder, programs, persons, addon, access_log):
    """nginx: the table of sessions is a `map`; its default log line, unbuffered as by default."""
    port = free_port()
    maps = "".join(nginx_map(name, {p.token: value(p) for p in persons}) for name, value in FIELDS.items())
    config = folder / "nginx.conf"
    config.write_text(f"""
worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 8192; }}
http {{
  access_log {f"{folder}/nginx.access.log" if access_log else "off"}; keepalive_requests 100000000; keepalive_timeout 600s; client_max_body_size 0; tcp_nodelay on;
  {nginx_scratch(folder, "nginx")}
  map_hash_bucket_size 256; map_hash_max_size 8192;
  {maps}
  map $http_upgrade $connection_upgrade {{ default upgrade; '' ''; }}
  upstream addon {{ server 127.0.0.1:{addon.pages}; keepalive 256; keepalive_requests 100000000; }}
  upstream sink {{ server 127.0.0.1:{addon.sink}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} ssl http2 reuseport backlog=4096;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:10m;
    location {PREFIX}/ {{
      if ($uid = '') {{ return 401; }}
      proxy_set_header Connection ""; {NGINX_HEADERS}
      proxy_pass http://addon/;
    }}
    location {PREFIX}/sink/ {{
      if ($uid = '') {{ return 401; }}
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade; {NGINX_HEADERS}
      proxy_request_buffering off;
      proxy_pass http://sink/;
    }}
  }}
}}
""")
    child = programs.start("nginx", ["nginx", "-p", folder, "-c", config])
    wait_for_port(child, port)
    return Proxy("nginx", nginx_version(), port, child.pid, made_cookies(persons))


def nginx_version():
    version = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip()
    return version.removeprefix("nginx version: ")


NGINX_HEADERS = f"""proxy_http_version 1.1; proxy_set_header Host $http_host;
      proxy_set_header X-Remote-User-Id $uid; proxy_set_header X-Remote-User-Name $uname;
      proxy_set_header X-Remote-User-Display-Name $udisplay; proxy_set_header X-Ingress-Path {PREFIX};
      proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host $http_host;"""


def nginx_map(name, values):
    entries = "\n".join(f"    {token} '{value}';" for token, value in values.items())
    return f"map $cookie_ingress_session ${name} {{\n    default '';\n{entries}\n  }}\n"


def start_haproxy(folder, programs, persons, addon, access_log):
    """HAProxy: the table of sessions is a map file; `option httplog` to standard output, which goes to a file."""
    port = free_port()
    for name, value in FIELDS.items():
        (folder / f"{name}.map").write_text("".join(f"{p.token} {value(p)}\n" for p in persons))
    config = folder / "haproxy.cfg"
    config.write_text(f"""
global
  nbthread 2
  maxconn 8000
  log stdout format raw local0
defaults
  mode http
  {"log global" if access_log else "no log"}
  {"option httplog" if access_log else ""}
  timeout client 60s
  timeout server 60s
  timeout connect 5s
  timeout http-keep-alive 600s
  timeout tunnel 600s
frontend browsers
  bind 127.0.0.1:{port} ssl crt {folder}/both.pem alpn h2,http/1.1 ssl-min-ver TLSv1.2
  http-request set-var(req.uid) req.cook(ingress_session),map({folder}/uid.map)
  http-request return status 401 if !{{ var(req.uid) -m found }}
  http-request del-header X-Remote- -m beg
  http-request del-header X_Remote_ -m beg
  http-request del-header X-Forwarded- -m beg
  http-request set-header X-Remote-User-Id %[var(req.uid)]
  http-request set-header X-Remote-User-Name %[req.cook(ingress_session),map({folder}/uname.map)]
  http-request set-header X-Remote-User-Display-Name %[req.cook(ingress_session),map({folder}/udisplay.map)]
  http-request set-header X-Ingress-Path {PREFIX}
  http-request set-header X-Forwarded-Proto https
  http-request set-header X-Forwarded-Host %[req.hdr(host)]
  option forwardfor
  http-request set-var(txn.sink) bool(true) if {{ path_beg {PREFIX}/sink/ }}
  http-request replace-path {PREFIX}/(.*) /\\1
  use_backend sink if {{ var(txn.sink) -m bool }}
  default_backend addon
backend addon
  http-reuse always
  server addon 127.0.0.1:{addon.pages}
backend sink
  http-reuse always
  server sink 127.0.0.1:{addon.sink}
""")
    child = programs.start("haproxy", ["haproxy", "-db", "-f", config])
    wait_for_port(child, port)
    version = run(["haproxy", "-v"], folder).splitlines()[0].split(" - ")[0]
    return Proxy("haproxy", version, port, child.pid, made_cookies(persons))


def start_relay(folder, programs, persons, addon, binary):
    """The floor: ends TLS and copies bytes, over HTTP/1.1. The add-on answers it below the prefix too."""
    port = free_port()
    child = programs.start("relay", [binary, f"127.0.0.1:{port}", f"127.0.0.1:{addon.pages}", folder / "cert.pem", folder / "key.pem"])
    wait_for_port(child, port)
    return Proxy("relay", "TLS and a copy of the bytes", port, child.pid, made_cookies(persons), only=("h1", "handshake", "download", "paced", "half"))


def find_relay():
    """The relay, built when needed."""
    subprocess.run(["cargo", "build", "--quiet", "--release", "--example", "relay"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return (REPOSITORY / target / "release" / "examples" / "relay").resolve()


def find_binary(given):
    """The binary to measure: the one named, else the one that is shipped, built when needed."""
    if given:
        return Path(given).resolve()
    subprocess.run(["cargo", "build", "--quiet", "--profile", "dist"], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    return (REPOSITORY / target / "dist" / "vestibule").resolve()


def made_cookies(persons):
    return [f"ingress_session={person.token}" for person in persons]


def run(command, folder):
    """What the command prints on its standard output."""
    return subprocess.run([str(part) for part in command], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


IDENTITY = {"uid": "X-Remote-User-Id", "uname": "X-Remote-User-Name", "udisplay": "X-Remote-User-Display-Name"}
FIELDS = {"uid": lambda p: p.id, "uname": lambda p: p.name, "udisplay": lambda p: p.display_name}
