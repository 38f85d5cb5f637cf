// hass-configurator: answers HTTP/1.0, without lengths.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'configurator';
export const version = '0.7.0';

export const install = (folder) => fromPyPI(folder, `hass-configurator==${version}`);

export async function start(installed, folder, port) {
  const base = join(folder, 'base');
  mkdirSync(base);
  writeFileSync(join(base, 'hello-from-the-test.yaml'), 'a: 1\n');
  writeFileSync(join(folder, 'settings.conf'), JSON.stringify({ LISTENIP: '127.0.0.1', PORT: port, BASEPATH: base, ENFORCE_BASEPATH: true, GIT: false }));
  const program = startProgram(join(installed, 'bin', 'hass-configurator'), [join(folder, 'settings.conf')], { cwd: folder, log: join(folder, 'log') });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return program;
}

export const isThere = (page) => page.getByText('hello-from-the-test.yaml').first().waitFor({ state: 'attached' });

// Its styles, icons and editor come from elsewhere; its answer for the icon has a head without an end.
export const expected = [
  /cdnjs|googleapis|gstatic|githubusercontent|cdn\.|home-assistant\.io/, /favicon\.ico/, /ERR_NAME_NOT_RESOLVED/, /is not defined|of undefined/,
];
