// The Python programs of a list, in an environment of their own beside what cargo builds: made once, and made anew when the
// list changes.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const HERE = resolve(import.meta.dirname, '..');
const LIST = join(HERE, 'requirements.txt');
const TARGET = resolve(HERE, '..', '..', process.env.CARGO_TARGET_DIR ?? 'target');

/** The folder of the environment's programs. Takes half a minute the first time. */
export function pythonPrograms(name = 'browser-python', list = LIST) {
  const environment = join(TARGET, name);
  const record = join(environment, 'installed.txt');
  const wanted = readFileSync(list, 'utf8');
  if (!existsSync(record) || readFileSync(record, 'utf8') !== wanted) {
    rmSync(environment, { recursive: true, force: true });
    execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', list];
    execFileSync(join(environment, 'bin', 'python'), pip, { stdio: 'inherit' });
    writeFileSync(record, wanted);
  }
  return join(environment, 'bin');
}
