// JupyterHub: knows its prefix, has users of its own with a server for each, and an authenticator that is written for it.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { freePort, start as startProgram } from '../../browser/support/processes.mjs';
import { block } from '../documented.mjs';
import { NODE, fromNpm, fromPyPI } from '../install.mjs';

export const slug = 'jupyterhub';
export const version = '6.1.1';
export const socket = true;

export function install(folder) {
  fromPyPI(folder, `jupyterhub==${version}`, 'jupyterlab==4.6.6');
  fromNpm(folder, 'configurable-http-proxy@5.3.0');
}

export async function start(installed, folder, port, onItsHost) {
  const told = block(slug, 'python').replace('127.0.0.1:8000', `127.0.0.1:${port}`);
  const [hub, proxy] = [await freePort(), await freePort()];
  mkdirSync(join(folder, 'homes'));
  writeFileSync(join(folder, 'jupyterhub_config.py'), `${onItsHost ? told.replace('/ingress/jupyterhub', '/') : told}
# Of the test alone: servers without accounts on this machine, and ports that are free.
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = ${JSON.stringify(join(folder, 'homes', '{username}'))}
c.Spawner.args = ["--allow-root", "--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
c.JupyterHub.hub_port = ${hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:${proxy}"
`);
  const path = [join(installed, 'bin'), join(installed, 'node_modules', '.bin'), dirname(NODE), process.env.PATH].join(':');
  const env = { ...process.env, HOME: folder, PATH: path, JUPYTER_CONFIG_DIR: join(folder, 'config') };
  const program = startProgram(join(installed, 'bin', 'jupyterhub'), ['-f', 'jupyterhub_config.py'], { cwd: folder, log: join(folder, 'log'), env });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}${onItsHost ? '' : '/ingress/jupyterhub'}/hub/health`)).ok);
  return program;
}

export const isThere = (page) => page.locator('.jp-Launcher').first().waitFor();

export const expected = [/news|announcement/i];

const account = (_, text) => /data-user="(\w+)"|user: "(\w+)"/.exec(text)?.slice(1).find(Boolean);

// 424: it is theirs, and does not run.
const isLetIn = (status) => ({ 200: 'yes', 424: 'yes', 403: 'no', 404: 'no' })[status] ?? status;

export const roles = {
  names: { alice: 'admin', frank: 'user' },
  exchange: ['admin = ["system-admin"]', 'admin = { users = ["frank"] }'],
  tries: [
    { what: 'whose account', path: 'hub/home', saw: account, alice: '{name}', frank: '{name}' },
    { what: 'opens the page of administrators', path: 'hub/admin', alice: 200, frank: 403 },
    { what: 'opens a server of their own', path: 'user/{name}/lab', saw: isLetIn, alice: 'yes', frank: 'yes' },
    { what: "opens the other one's server", path: 'user/{other}/lab', saw: isLetIn, frank: 'no' },
  ],
};
