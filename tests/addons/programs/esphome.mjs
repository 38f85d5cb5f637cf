// ESPHome's dashboard: Tornado, checks the Origin of its WebSockets.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'esphome';
export const version = '2026.6.5';
export const socket = true;

export const install = (folder) => fromPyPI(folder, `esphome==${version}`);

export async function start(installed, folder, port) {
  mkdirSync(join(folder, 'configs'));
  writeFileSync(join(folder, 'configs', 'lamp.yaml'), 'esphome:\n  name: lamp\n  friendly_name: Lamp of the test\nesp8266:\n  board: nodemcuv2\n');
  const args = ['dashboard', '--address', '127.0.0.1', '--port', `${port}`, join(folder, 'configs')];
  const program = startProgram(join(installed, 'bin', 'esphome'), args, { cwd: folder, log: join(folder, 'log'), env: { ...process.env, HOME: folder } });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return program;
}

export const isThere = (page) => page.getByText(/lamp/i).first().waitFor();

// Pictures of boards come from the project's own site.
export const expected = [/esphome\.io/, /ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED/];
