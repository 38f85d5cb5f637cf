// The real binary, on a configuration and a copy of the example home of its own.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join, resolve } from 'node:path';
import { freePort, start } from './processes.mjs';

const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');
const BINARY = resolve(REPOSITORY, process.env.VESTIBULE_BIN ?? 'target/debug/vestibule');

/**
 * Starts vestibule in `folder`, in front of two `whoami`s and what `addons` (tables of the configuration) names. `furnish`
 * puts more into the folder, `listen` and `tls` have more keys of these tables, `env` more of its environment, and `port` is one
 * that must be known before.
 */
export async function startVestibule(folder, addons, { furnish = () => {}, listen = () => '', tls = '', port: known, env: of = {} } = {}) {
  if (!existsSync(BINARY)) throw new Error(`no binary at ${BINARY}: run \`cargo build\`, or set VESTIBULE_BIN`);
  mkdirSync(folder, { recursive: true });
  cpSync(join(REPOSITORY, 'examples', 'home'), join(folder, 'home'), { recursive: true });
  cpSync(join(REPOSITORY, 'examples', 'addons'), join(folder, 'addons'), { recursive: true });
  furnish(folder);
  const port = known ?? await freePort();
  const operations = await freePort();
  writeFileSync(join(folder, 'config.toml'), configuration(port, operations, listen(port), tls) + addons);
  const begin = async (env) => {
    const program = start(BINARY, ['--config', join(folder, 'config.toml')], { cwd: folder, log: join(folder, 'vestibule.log'), env: { ...process.env, ...of, ...env } });
    await program.ready(async () => (await fetch(`http://127.0.0.1:${operations}/readyz`)).ok);
    return program;
  };
  let program = await begin({});
  const command = [BINARY, '--config', join(folder, 'config.toml')];
  return {
    ...program,
    output: () => program.output(),
    stop: () => program.stop(),
    /** Stops it and starts it again with a clock that is so many days ahead. */
    async goOn(days) {
      await program.stop();
      program = await begin(ahead(days));
    },
    port, command, origin: `https://localhost:${port}`, authority: join(folder, 'certs', 'vestibule-dev-ca.crt'),
  };
}

/** A program for which so many minutes pass in one. */
export function faster(times) {
  const { LD_PRELOAD } = ahead(0);
  return { LD_PRELOAD, FAKETIME: `+0 x${times}` };
}

/** Debian's libfaketime, before the time of day alone: what is measured goes on as it is. */
function ahead(days) {
  const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
  if (!existsSync(library)) throw new Error(`no ${library}: apt-get install faketime`);
  return { LD_PRELOAD: library, FAKETIME: `+${days}d`, FAKETIME_DONT_FAKE_MONOTONIC: '1', DONT_FAKE_MONOTONIC: '1' };
}

/** One request outside the browser, as a script would make it; TLS is judged by the development CA. */
export function ask(vestibule, path, headers = {}) {
  return new Promise((done, failed) => {
    const options = { ca: readFileSync(vestibule.authority), headers };
    get(`${vestibule.origin}${path}`, options, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => { body += text; });
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body }));
    }).once('error', failed);
  });
}

function configuration(port, operations, listen, tls) {
  return `
[listen]
https = ["127.0.0.1:${port}"]
operations = "127.0.0.1:${operations}"
control = "run/vestibule.sock"
${listen}

[tls]
development = "certs"
${tls}

[home_assistant]
config_dir = "home"

[session]
store = "state/sessions.redb"

[sign_in]
attempts_per_address = 1000
attempts_per_user = 1000

[[addon]]
slug = "whoami"
title = "Who am I"
upstream = "builtin:whoami"
path = "/ingress/whoami"

[[addon]]
slug = "admin"
title = "Administrators"
upstream = "builtin:whoami"
path = "/ingress/admin"
access = { admin_only = true }
`;
}
