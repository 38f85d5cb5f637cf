// pgAdmin 4: makes its addresses from X-Script-Name, believes the user's header from whoever knows the secret.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readdirSync } from 'node:fs';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'pgadmin';
export const secrets = { pgadmin: 'a secret of the test\n' };

export const install = (folder) => fromPyPI(folder, 'pgadmin4==9.18');

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
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/misc/ping`)).ok);
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
AUTHENTICATION_SOURCES = ['webserver']
WEBSERVER_REMOTE_USER = 'X-Remote-User-Name'
WEBSERVER_REMOTE_USER_FROM_HEADER = True
WEBSERVER_TRUSTED_PROXIES = ['127.0.0.1']
WEBSERVER_SHARED_SECRET = 'a secret of the test'
`;

// The picture of the account comes from elsewhere.
export const expected = [/gravatar\.com/];
