// JupyterLab: knows its prefix, checks the Origin of its WebSockets.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'jupyter';
export const version = '4.6.6';
export const socket = true;

export const install = (folder) => fromPyPI(folder, `jupyterlab==${version}`);

export async function start(installed, folder, port, onItsHost) {
  mkdirSync(join(folder, 'work'));
  const base = onItsHost ? '/' : '/ingress/jupyter';
  const args = [
    'lab', '--allow-root', '--no-browser', '--ServerApp.ip=127.0.0.1', `--ServerApp.port=${port}`, `--ServerApp.base_url=${base}`,
    '--IdentityProvider.token=', '--ServerApp.allow_remote_access=True', `--ServerApp.root_dir=${join(folder, 'work')}`,
    '--LabApp.news_url=', '--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate',
  ];
  const env = { ...process.env, HOME: folder, JUPYTER_CONFIG_DIR: join(folder, 'config') };
  const program = startProgram(join(installed, 'bin', 'jupyter'), args, { cwd: folder, log: join(folder, 'log'), env });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}${base.replace(/\/$/, '')}/api`)).ok);
  return program;
}

// A terminal in it says back what is typed: that goes over a WebSocket.
export async function isThere(page) {
  await page.locator('.jp-Launcher').first().waitFor();
  await page.locator('.jp-LauncherCard[data-category=Other]', { hasText: 'Terminal' }).first().click();
  await page.locator('.jp-Terminal').first().waitFor();
}

export const expected = [/news|announcement/i];
