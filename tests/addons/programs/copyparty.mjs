// copyparty: a file server that knows its prefix, with the user and the role from headers, and no WebSocket.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { block, commandLine } from '../documented.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'files';
export const version = '1.20.26';

export const install = (folder) => fromPyPI(folder, `copyparty==${version}`);

export async function start(installed, folder, port, onItsHost) {
  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'a.txt'), 'hello');
  writeFileSync(join(folder, 'files.conf'), block(slug, 'yaml').replace('/srv/files', files));
  const told = commandLine(slug);
  const prefix = told[told.indexOf('--rp-loc') + 1];
  if (onItsHost) told.splice(told.indexOf('--rp-loc'), 2);
  const args = [...told, '-i', '127.0.0.1', '-p', `${port}`, '-c', 'files.conf', '--no-crt', '--no-ansi', '-j', '1'];
  const env = { ...process.env, HOME: folder, XDG_CONFIG_HOME: join(folder, '.config') };
  const program = startProgram(join(installed, 'bin', 'copyparty'), args, { cwd: folder, log: join(folder, 'log'), env });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}${onItsHost ? '' : prefix}/`)).status < 500);
  return program;
}

export async function isThere(page, person) {
  await page.locator('a[href$="a.txt"]').first().waitFor({ state: 'attached' });
  await page.getByText(person.name).first().waitFor();
}

export const roles = {
  names: { alice: 'admin', frank: 'viewer' },
  exchange: ['admin = ["system-admin"]', 'admin = { users = ["frank"] }'],
  tries: [
    { what: 'reads a file', path: 'a.txt', saw: (status, text) => text, alice: 'hello', frank: 'hello' },
    { what: 'uploads a file', method: 'PUT', path: '{name}.txt', body: 'x', saw: (status) => (status < 300 ? 'yes' : 'no'), alice: 'yes', frank: 'no' },
    { what: 'whose account', path: '?ls', saw: (_, text) => JSON.parse(text).acct, alice: '{name}', frank: '{name}' },
  ],
};
