// pgAdmin 4: makes its addresses from X-Script-Name, believes the user's header from whoever knows the secret.

import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { block } from '../documented.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'pgadmin';
export const version = '9.18';
export const secrets = { pgadmin: 'a secret of the test\n' };

export const install = (folder) => fromPyPI(folder, `pgadmin4==${version}`);

export async function start(installed, folder, port) {
  const library = join(installed, 'lib');
  const [python] = readdirSync(library);
  const home = join(library, python, 'site-packages', 'pgadmin4');
  writeFileSync(join(folder, 'config_system.py'), config(folder, port));
  const launcher = `
import os, runpy, sys
sys.path.insert(0, ${JSON.stringify(home)})
import config
exec(open(${JSON.stringify(join(folder, 'config_system.py'))}).read(), vars(config))
sys.argv = ['pgAdmin4.py']
runpy.run_path(${JSON.stringify(join(home, 'pgAdmin4.py'))}, run_name='__main__')
`;
  writeFileSync(join(folder, 'launch.py'), launcher);
  const env = { ...process.env, HOME: folder, PGADMIN_SETUP_EMAIL: 'admin@example.org', PGADMIN_SETUP_PASSWORD: 'not-used-1' };
  const program = startProgram(join(installed, 'bin', 'python'), [join(folder, 'launch.py')], { cwd: folder, log: join(folder, 'log'), env });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/misc/ping`)).ok, 180_000);
  return program;
}

export async function isThere(page, person) {
  await page.getByText(`${person.name} (webserver)`).first().waitFor();
  await page.getByText('Object Explorer').first().waitFor();
}

const config = (folder, port) => `
SERVER_MODE = True
DATA_DIR = ${JSON.stringify(folder)}
SQLITE_PATH = ${JSON.stringify(join(folder, 'pgadmin4.db'))}
LOG_FILE = ${JSON.stringify(join(folder, 'pgadmin4.log'))}
SESSION_DB_PATH = ${JSON.stringify(join(folder, 'sessions'))}
STORAGE_DIR = ${JSON.stringify(join(folder, 'storage'))}
AZURE_CREDENTIAL_CACHE_DIR = ${JSON.stringify(join(folder, 'azure'))}
KERBEROS_CCACHE_DIR = ${JSON.stringify(join(folder, 'krb'))}
DEFAULT_SERVER = '127.0.0.1'
DEFAULT_SERVER_PORT = ${port}
UPGRADE_CHECK_ENABLED = False
MASTER_PASSWORD_REQUIRED = False
${block(slug, 'python').replace('what stands in secrets/pgadmin', 'a secret of the test')}`;

// The picture of the account comes from elsewhere.
export const expected = [/gravatar\.com/];

const told = (name) => (_, text) => new RegExp(`'${name}': '?(\\w+)`).exec(text)?.[1];

export const roles = {
  names: { alice: 'let in', frank: 'kept out' },
  exchange: ['access = { admin_only = true }', 'access = { users = ["frank"] }'],
  // Its own session goes before the header, as the document says. That it no longer does so is to be noticed.
  limits: { 'whose account': 'alice' },
  tries: [
    { what: 'opens the page', path: 'browser/', alice: 200, frank: 403 },
    { what: 'whose account', path: 'user_management/current_user.js', saw: told('name'), alice: '{name}', frank: undefined },
    { what: 'is an administrator of pgAdmin', path: 'user_management/current_user.js', saw: told('is_admin'), alice: false, frank: undefined },
  ],
};
