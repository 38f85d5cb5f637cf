// OctoPrint: makes its addresses from X-Script-Name, signs the user of a header in, checks the Origin of its WebSockets.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { block } from '../documented.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'octoprint';
export const version = '1.11.8';
export const socket = true;

export const install = (folder) => fromPyPI(folder, 'wheel', 'setuptools<81', `octoprint==${version}`);

export async function start(installed, folder, port) {
  const base = join(folder, 'base');
  mkdirSync(base);
  writeFileSync(join(base, 'config.yaml'), CONFIG + block(slug, 'yaml'));
  const args = ['serve', '--iknowwhatimdoing', '--basedir', base, '--host', '127.0.0.1', '--port', `${port}`];
  const program = startProgram(join(installed, 'bin', 'octoprint'), args, { cwd: folder, log: join(folder, 'log'), env: { ...process.env, HOME: folder } });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/online.txt`)).ok);
  return program;
}

export async function isThere(page, person) {
  await page.locator('#navbar').waitFor();
  await page.locator('#navbar', { hasText: person.name }).waitFor();
}

export const roles = {
  names: { alice: 'admin', frank: 'viewer' },
  exchange: ['admin = ["system-admin"]', 'admin = { users = ["frank"] }'],
  tries: [
    { what: 'whose account', path: 'api/currentuser', saw: (_, text) => JSON.parse(text).name, alice: '{name}', frank: '{name}' },
    { what: 'is of its group of administrators', path: 'api/currentuser', saw: (_, text) => JSON.parse(text).groups.includes('admins'), alice: true, frank: false },
    { what: 'reads the list of users', path: 'api/access/users', alice: 200, frank: 403 },
  ],
};

const CONFIG = `server:
  firstRun: false
  onlineCheck: { enabled: false }
  pluginBlacklist: { enabled: false }
  seenWizards: { corewizard: 4, backup: 1, tracking: 1, classicwebcam: 1 }
plugins:
  _disabled: [softwareupdate, announcements, tracking, errortracking, pluginmanager]
`;
