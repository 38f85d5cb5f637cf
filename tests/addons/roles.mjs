// Two users of two roles in one program: what each may do there, whatever they claim to be; in a browser that the other one
// has used before; and after the configuration has given the role of one to the other.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { ALICE, FRANK } from '../browser/support/people.mjs';
import { fillIn } from '../browser/support/visitor.mjs';

const SIGN_IN = '/.vestibule/sign-in';

/** A line for each thing that was tried, with its outcome. */
export async function judgeRoles(program, vestibule, browser) {
  const { roles } = program;
  const lines = [];
  const profiles = [];
  const opened = async (person) => {
    const profile = await browser.newContext({ baseURL: vestibule.origin, ignoreHTTPSErrors: true });
    profiles.push(profile);
    await signIn(profile, person);
    return profile;
  };
  const judge = async (profile, person, role, when, limits = {}) => {
    for (const one of roles.tries.filter((one) => role in one)) {
      const seen = await attempt(program, vestibule, profile, person, one).catch((error) => error.message.split('\n')[0]);
      const expected = `${limits[one.what] ?? one[role]}`.replaceAll('{name}', person.name);
      const good = `${seen}` === expected;
      const isLimit = one.what in limits;
      const outcome = good ? `${isLimit ? 'as it cannot help' : 'as it should'}: ${seen}` : `WRONG: ${seen} instead of ${expected}`;
      lines.push({ who: `${person.name}, ${roles.names[role]}`, what: `${one.what}${when}`, outcome, good });
    }
  };
  try {
    const alices = await opened(ALICE);
    await judge(alices, ALICE, 'alice', '');
    const franks = await opened(FRANK);
    await judge(franks, FRANK, 'frank', '');

    // What the program keeps in this browser for alice must be worth nothing to who signs in after her.
    const shared = await opened(ALICE);
    for (const one of roles.tries) await attempt(program, vestibule, shared, ALICE, one).catch(() => {});
    await signOut(shared);
    await signIn(shared, FRANK);
    await judge(shared, FRANK, 'frank', ', in a browser that alice used');

    if (roles.exchange) {
      exchangeRoles(vestibule, roles.exchange);
      await judge(franks, FRANK, 'alice', ', once the roles are exchanged');
      await judge(alices, ALICE, 'frank', ', once the roles are exchanged');
      await judge(shared, FRANK, 'alice', ', once exchanged, in a browser that alice used', roles.limits);
    }
  } finally {
    for (const profile of profiles) await profile.close();
  }
  return lines;
}

// In a page, by the form, as people do.
async function signIn(profile, person) {
  const page = await profile.newPage();
  await page.goto(SIGN_IN);
  await fillIn(page, person);
  await page.waitForURL((url) => url.pathname !== SIGN_IN);
  await page.close();
}

async function signOut(profile) {
  const page = await profile.newPage();
  await page.goto('/.vestibule/');
  await page.getByRole('button', { name: /sign out/i }).click();
  await page.waitForURL((url) => url.pathname !== '/.vestibule/');
  await page.close();
}

function exchangeRoles(vestibule, [before, after]) {
  const file = vestibule.command[2];
  const text = readFileSync(file, 'utf8');
  // The add-on's table is the last one.
  const at = text.lastIndexOf(before);
  if (at < 0) throw new Error(`the configuration has no ${before}`);
  writeFileSync(file, text.slice(0, at) + after + text.slice(at + before.length));
  execFileSync(vestibule.command[0], [...vestibule.command.slice(1), 'reload'], { stdio: 'pipe' });
}

// Asks with the cookies of the browser, and keeps those of the answer.
async function attempt(program, vestibule, profile, person, one) {
  const other = person === ALICE ? FRANK : ALICE;
  const path = one.path.replaceAll('{name}', person.name).replaceAll('{other}', other.name);
  const url = `${vestibule.origin}/ingress/${program.slug}/${path}`;
  const headers = forged(person);
  if (one.socket) return handshake(url, vestibule, profile, headers);
  const method = one.method ?? 'GET';
  const answer = await profile.request.fetch(url, { method, headers: { ...headers, origin: vestibule.origin }, data: one.body, timeout: 60_000 });
  return one.saw ? one.saw(answer.status(), await answer.text()) : answer.status();
}

// Everybody claims to be the other one, in every name that an add-on of the document listens to.
function forged(person) {
  const [name, role] = person === ALICE ? [FRANK.name, 'viewer'] : [ALICE.name, 'admin'];
  return {
    'x-remote-user': name,
    'x-remote-user-name': name,
    x_remote_user_name: name,
    'x-remote-user-role': role,
    x_remote_user_role: role,
    'x-remote-user-groups': 'Administrators',
    'x-pgadmin-webserver-secret': 'a secret of the test',
    'x-script-name': '/elsewhere',
  };
}

// The status of the answer to a WebSocket handshake.
async function handshake(url, vestibule, profile, headers) {
  const cookies = await profile.cookies(url);
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const key = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' };
  const options = { ca: readFileSync(vestibule.authority), headers: { ...headers, ...key, cookie, origin: vestibule.origin } };
  return new Promise((done, failed) => {
    const asked = request(url, options, (answer) => { answer.resume(); done(answer.statusCode); });
    asked.once('upgrade', (answer, socket) => { socket.destroy(); done(answer.statusCode); });
    asked.once('error', failed).end();
  });
}
