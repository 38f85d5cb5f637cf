"""The usual way to put sign-in before an add-on: a proxy that asks a session service about every request.

In: a folder with the job in it. Out: one `Proxy` each, started, with the service among what is counted.

The service is nginx with the table of sessions: it answers faster than Authelia, oauth2-proxy or any other that looks a session up
in a store could, so that these figures are the least that this way costs.
"""

from job import PREFIX
from processes import free_port, wait_for_port
from proxies import FIELDS, IDENTITY, Proxy, made_cookies, nginx_map, nginx_scratch, nginx_version, run


def start_session_service(folder, programs, persons, name):
    """Says 200 and who it is, or 401."""
    port = free_port()
    maps = "".join(nginx_map(field, {p.token: value(p) for p in persons}) for field, value in FIELDS.items())
    config = folder / f"{name}.conf"
    config.write_text(f"""
worker_processes 1; daemon off; pid {folder}/{name}.pid; error_log {folder}/{name}.err;
events {{ worker_connections 8192; }}
http {{
  access_log off; keepalive_requests 100000000; keepalive_timeout 600s;
  {nginx_scratch(folder, name)}
  map_hash_bucket_size 256; map_hash_max_size 8192;
  {maps}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      if ($uid = '') {{ return 401; }}
      add_header X-Remote-User-Id $uid; add_header X-Remote-User-Name $uname; add_header X-Remote-User-Display-Name $udisplay;
      return 200;
    }}
  }}
}}
""")
    child = programs.start(name, ["nginx", "-p", folder, "-c", config])
    wait_for_port(child, port)
    return port, child.pid


def start_auth_request(folder, programs, persons, addon, access_log):
    """nginx with `auth_request`."""
    service, helper = start_session_service(folder, programs, persons, "auth_request_service")
    port = free_port()
    config = folder / "auth_request.conf"
    sets = " ".join(f"auth_request_set $told_{field} $upstream_http_{header.lower().replace('-', '_')};" for field, header in IDENTITY.items())
    heads = " ".join(f"proxy_set_header {header} $told_{field};" for field, header in IDENTITY.items())
    config.write_text(f"""
worker_processes 2; daemon off; pid {folder}/auth_request.pid; error_log {folder}/auth_request.err;
events {{ worker_connections 8192; }}
http {{
  access_log {f"{folder}/auth_request.access.log" if access_log else "off"}; keepalive_requests 100000000; keepalive_timeout 600s;
  client_max_body_size 0; tcp_nodelay on;
  {nginx_scratch(folder, "auth_request")}
  upstream addon {{ server 127.0.0.1:{addon.pages}; keepalive 256; keepalive_requests 100000000; }}
  upstream service {{ server 127.0.0.1:{service}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port} ssl http2 reuseport backlog=4096;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:s:10m;
    location {PREFIX}/ {{
      auth_request /verify; {sets}
      proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host; {heads}
      proxy_set_header X-Ingress-Path {PREFIX}; proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $http_host;
      proxy_pass http://addon/;
    }}
    location = /verify {{
      internal; proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_set_header X-Original-URI $request_uri;
    }}
  }}
}}
""")
    child = programs.start("auth_request", ["nginx", "-p", folder, "-c", config])
    wait_for_port(child, port)
    return Proxy("auth_request", f"{nginx_version()} with auth_request", port, child.pid, made_cookies(persons), [helper])


def start_caddy(folder, programs, persons, addon, access_log):
    """Caddy with `forward_auth`, the names that the client made up taken out before."""
    service, helper = start_session_service(folder, programs, persons, "caddy_service")
    port = free_port()
    config = folder / "Caddyfile"
    log = f"log {{\n    output file {folder}/caddy.access.log\n  }}" if access_log else ""
    config.write_text(f"""{{
  admin off
  auto_https off
  storage file_system {folder}/caddy
}}
https://localhost:{port} {{
  tls {folder}/cert.pem {folder}/key.pem
  {log}
  handle_path {PREFIX}/* {{
    route {{
      request_header -X-Remote-*
      request_header -X_remote_*
      forward_auth 127.0.0.1:{service} {{
        uri /verify
        copy_headers {" ".join(IDENTITY.values())}
      }}
      request_header X-Ingress-Path {PREFIX}
      reverse_proxy 127.0.0.1:{addon.pages}
    }}
  }}
}}
""")
    child = programs.start("caddy", ["caddy", "run", "--config", config, "--adapter", "caddyfile"], cwd=folder)
    wait_for_port(child, port)
    return Proxy("caddy", f"Caddy {run(['caddy', 'version'], folder).split()[0]} with forward_auth", port, child.pid, made_cookies(persons), [helper])
