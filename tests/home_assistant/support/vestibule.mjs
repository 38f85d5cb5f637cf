// The real binary in front of a real Home Assistant.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freePort, start } from '../../browser/support/processes.mjs';

const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');
const BINARY = resolve(REPOSITORY, process.env.VESTIBULE_BIN ?? 'target/debug/vestibule');

/**
 * Starts it in `folder`. `sections` are tables of the configuration, `listen` more keys of `[listen]`, `port` one that must be
 * known before, `secrets` the contents of files below `secrets/`.
 */
export async function startVestibule(folder, sections, { listen = '', port: known, secrets = {} } = {}) {
  mkdirSync(join(folder, 'secrets'), { recursive: true, mode: 0o700 });
  for (const [name, secret] of Object.entries(secrets)) writeFileSync(join(folder, 'secrets', name), secret, { mode: 0o600 });
  const [port, operations] = [known ?? await freePort(), await freePort()];
  const file = join(folder, 'config.toml');
  const configure = (tables) => writeFileSync(file, configuration(port, operations, listen) + tables);
  configure(sections);
  const program = start(BINARY, ['--config', file], { cwd: folder, log: join(folder, 'vestibule.log') });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${operations}/healthz`)).ok);
  return {
    ...program,
    program: BINARY,
    folder,
    file,
    operations,
    /** What it warned of last. */
    warnings: () => program.output().split('\n').filter((line) => / (WARN|ERROR) /.test(line)).slice(-20).join('\n'),
    origin: `https://localhost:${port}`,
    authority: join(folder, 'certs', 'vestibule-dev-ca.crt'),
    /** Runs one of its commands, and gives back what it prints. */
    command: (...words) => execFileSync(BINARY, ['--config', file, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }),
    /** Writes other tables into its configuration and has it take them up. */
    reconfigure(tables) {
      configure(tables);
      execFileSync(BINARY, ['--config', file, 'reload']);
    },
  };
}

function configuration(port, operations, listen) {
  return `
[listen]
https = ["127.0.0.1:${port}"]
operations = "127.0.0.1:${operations}"
control = "run/vestibule.sock"
${listen}

[tls]
development = "certs"

[session]
store = "state/sessions.redb"
`;
}

/** An add-on that shows who is asking. */
export const WHOAMI = `
[[addon]]
slug = "whoami"
title = "Who am I"
upstream = "builtin:whoami"
path = "/ingress/whoami"
`;
