// Calibre-Web: makes its addresses from X-Script-Name, takes the user from a header, and makes none of its own accord.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { fromPyPI } from '../install.mjs';

export const slug = 'books';
export const version = '0.6.27';

export const install = (folder) => fromPyPI(folder, 'wheel', 'setuptools<81', `calibreweb==${version}`);

export async function start(installed, folder, port) {
  mkdirSync(join(folder, 'library'));
  const python = (code) => execFileSync(join(installed, 'bin', 'python'), ['-c', code], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const env = { ...process.env, HOME: folder, CALIBRE_PORT: `${port}` };
  const run = async () => {
    const args = ['-p', join(folder, 'app.db'), '-i', '127.0.0.1', '-o', join(folder, 'own-log')];
    const program = startProgram(join(installed, 'bin', 'cps'), args, { cwd: folder, log: join(folder, 'log'), env });
    await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/`, { redirect: 'manual' })).status < 500);
    return program;
  };
  python(LIBRARY);
  await (await run()).stop();
  python(SETTINGS);
  return run();
}

export async function isThere(page) {
  await page.locator('#top_user', { hasText: 'admin' }).waitFor();
}

const account = (_, text) => /id="top_user"[\s\S]*?class="hidden-sm">(\w+)</.exec(text)?.[1];

export const roles = {
  names: { alice: 'its admin', frank: 'a reader' },
  exchange: ['alice = "admin", frank = "reader"', 'alice = "reader", frank = "admin"'],
  tries: [
    { what: 'whose account', path: 'me', saw: account, alice: 'admin', frank: 'reader' },
    { what: 'opens the page of administrators', path: 'admin/view', alice: 200, frank: 403 },
  ],
};

// An empty library, as Calibre would make it.
const LIBRARY = `
from sqlalchemy import String, create_engine, text
from sqlalchemy.types import NullType
from calibreweb.cps import db
for table in db.Base.metadata.tables.values():
    table.schema = None
    for column in table.columns:
        column.type = String() if isinstance(column.type, NullType) else column.type
engine = create_engine("sqlite:///library/metadata.db")
db.Base.metadata.create_all(engine)
with engine.begin() as home:
    home.execute(text("insert into library_id (uuid) values ('a')"))
`;

// What the pages "Basic Configuration" and "Add New User" would write.
const SETTINGS = `
import os, sqlite3
home = sqlite3.connect("app.db")
home.execute("""update settings set config_calibre_dir = ?, config_port = ?,
    config_allow_reverse_proxy_header_login = 1, config_reverse_proxy_login_header_name = 'X-Remote-User-Name'""",
    (os.path.abspath("library"), os.environ["CALIBRE_PORT"]))
home.execute("""insert into user (name, email, role, password, locale, sidebar_view, default_language,
    denied_tags, allowed_tags, denied_column_value, allowed_column_value, view_settings)
    select 'reader', 'reader@example.org', 0, '', locale, 1, default_language, '', '', '', '', '{}' from user where id = 1""")
home.commit()
`;
