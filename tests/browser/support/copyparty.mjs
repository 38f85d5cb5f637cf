// copyparty: a file server that knows its prefix, with the signed-in user from a header.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './processes.mjs';
import { pythonPrograms } from './python.mjs';

/** Starts copyparty on 127.0.0.1 with its files in `folder`/files. */
export async function startCopyparty(folder, port) {
  mkdirSync(join(folder, 'files'), { recursive: true });
  const options = [
    '-i', '127.0.0.1', '-p', `${port}`, '-v', `${join(folder, 'files')}::A,@acct`, '--hist', join(folder, 'hist'), '--idp-db', join(folder, 'idp.db'),
    '--rp-loc', PREFIX, '--idp-h-usr', 'x-remote-user-name', '--xff-hdr', 'x-forwarded-for', '--xff-src', '127.0.0.1', '--rproxy', '1',
    '--no-crt', '--no-ansi', '-j', '1',
  ];
  const python = join(pythonPrograms(), 'python');
  const program = start(python, ['-m', 'copyparty', ...options], {
    cwd: folder,
    log: join(folder, 'copyparty.log'),
    env: { ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') },
  });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}${PREFIX}/`)).status < 500);
  return program;
}

const PREFIX = '/ingress/files';

/** Its table in the configuration. */
export const copypartyAddon = (port) => `
[[addon]]
slug = "files"
title = "Files"
upstream = "http://127.0.0.1:${port}"
path = "${PREFIX}"
prefix = "keep"
max_head = "8KiB"
`;
