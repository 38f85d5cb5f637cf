// code-server: an editor with a WebSocket whose Origin it checks, and web workers.

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { NODE, fromNpm } from '../install.mjs';

export const slug = 'code';
export const version = '4.139.1';
export const socket = true;

export function install(folder) {
  fromNpm(folder, `code-server@${version}`);
  const env = { ...process.env, npm_config_user_agent: 'npm', PATH: `${dirname(NODE)}:${process.env.PATH}` };
  execFileSync('sh', ['./postinstall.sh'], { cwd: join(folder, 'node_modules', 'code-server'), stdio: 'inherit', env });
}

export async function start(installed, folder, port) {
  mkdirSync(join(folder, 'work'));
  writeFileSync(join(folder, 'work', 'hello-from-the-test.txt'), 'hello\n');
  const entry = join(installed, 'node_modules', 'code-server', 'out', 'node', 'entry.js');
  const args = [entry, '--auth', 'none', '--bind-addr', `127.0.0.1:${port}`, '--disable-telemetry', '--disable-update-check', '--disable-workspace-trust', '--user-data-dir', join(folder, 'data'), join(folder, 'work')];
  const program = startProgram(NODE, args, { cwd: folder, log: join(folder, 'log'), env: { ...process.env, HOME: folder } });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/healthz`)).ok);
  return program;
}

export const isThere = (page) => page.getByText('hello-from-the-test.txt').first().waitFor();

// Two files of Microsoft's that the package lacks; extensions come from elsewhere, and a page without a network says so.
export const expected = [/vsda/, /open-vsx|vscode-cdn|\.vscode-/, /404/, /ServiceWorker|service worker/i, /net::ERR_/, /authentication provider 'github'/];
