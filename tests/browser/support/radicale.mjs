// Radicale: calendars over WebDAV, with the signed-in user from a header and the prefix from another.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './processes.mjs';
import { pythonPrograms } from './python.mjs';

/** Starts Radicale on 127.0.0.1 with its calendars in `folder`. */
export async function startRadicale(folder, port) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config'), `
[server]
hosts = 127.0.0.1:${port}
[auth]
type = http_x_remote_user
[storage]
filesystem_folder = ${join(folder, 'calendars')}
[logging]
level = info
`);
  const python = join(pythonPrograms(), 'python');
  const program = start(python, ['-m', 'radicale', '--config', join(folder, 'config')], { cwd: folder, log: join(folder, 'radicale.log') });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/.web/`)).ok);
  return program;
}

/** Its table in the configuration. */
export const radicaleAddon = (port) => `
[[addon]]
slug = "radicale"
title = "Calendars"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/radicale"
prefix_headers = ["X-Ingress-Path", "X-Script-Name"]
identity_headers = { name = "X-Remote-User" }
`;
