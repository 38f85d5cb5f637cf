// Programs from PyPI and npm, each in a folder of its own.

import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { NODE } from '../browser/support/nodered.mjs';

/** Into a virtual environment at `folder`. */
export function fromPyPI(folder, ...packages) {
  execFileSync('python3', ['-m', 'venv', folder], { stdio: 'inherit' });
  const pip = join(folder, 'bin', 'pip');
  execFileSync(pip, ['install', '--quiet', '--disable-pip-version-check', ...packages], { stdio: 'inherit' });
}

/** Into `folder`/node_modules, its scripts run with the Node.js of the browser's tests. */
export function fromNpm(folder, ...packages) {
  const env = { ...process.env, PATH: `${dirname(NODE)}:${process.env.PATH}` };
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, ...packages], { stdio: 'inherit', env });
}

export { NODE };
