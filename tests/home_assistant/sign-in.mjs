// People sign in over the page of a real Home Assistant: one who signs out there, one with a second factor, one who may
// only come from the local network and does not.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBrowser } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { freePort, start } from '../browser/support/processes.mjs';

const HOME_ASSISTANT = process.env.HOME_ASSISTANT ?? 'http://127.0.0.1:8123';
const REPOSITORY = join(import.meta.dirname, '..', '..');
const ALICE = { name: 'alice', password: 'alice-pass-1', id: 'da668370958d4e36b44a658ca8c5b1a8' };
const BOB = { name: 'bob', password: 'bob-pass-1', id: '18fef89e2f2b4c6e926d3e1668f9bd6a', totp: 'JBSWY3DPEHPK3PXP' };
const CAROL = { name: 'carol', password: 'carol-pass-1' };
const DAVE = { name: 'dave', password: 'dave-pass-1' };
const stage = {};

describe('signing in over Home Assistant', { timeout: 300_000 }, () => {
  before(async () => {
    stage.vestibule = await startVestibule(join(process.env.FOLDER, 'vestibule'));
    stage.browser = await startBrowser(join(process.env.FOLDER, 'browser'), stage.vestibule.authority);
  });

  after(async () => {
    await stage.browser?.close();
    await stage.vestibule?.stop();
    if (stage.failed) console.error(stage.vestibule?.output().split('\n').slice(-60).join('\n'));
  });

  test('alice signs in there, opens an add-on here, ends the sign-in there, and is out here', story(async (page, profile) => {
    await page.goto('/ingress/whoami/ws-page?x=1');
    await page.locator('#home-assistant').click();
    await there(page, ALICE);
    await page.waitForURL('**/ingress/whoami/ws-page?x=1');
    const seen = await page.evaluate(async () => (await fetch('/ingress/whoami/', { headers: { accept: 'application/json' } })).text());
    assert.ok(seen.includes(ALICE.id), seen);
    assert.equal((await session(page)).said.session.made_by, 'home_assistant');
    await listed(ALICE);
    const frontend = await profile.newPage();
    await frontend.goto(`${HOME_ASSISTANT}/`);
    await there(frontend, ALICE);
    await frontend.waitForFunction(() => globalThis.hassConnection !== undefined);
    const ended = await frontend.evaluate(async (client) => {
      const { conn } = await globalThis.hassConnection;
      const tokens = await conn.sendMessagePromise({ type: 'auth/refresh_tokens' });
      const ours = tokens.filter((token) => token.client_id === client);
      for (const { id } of ours) await conn.sendMessagePromise({ type: 'auth/delete_refresh_token', refresh_token_id: id });
      return ours.length;
    }, `${stage.vestibule.origin}/`);
    assert.equal(ended, 1, 'Home Assistant lists one sign-in of vestibule');
    const begun = Date.now();
    await until('the session ends here', async () => (await session(page)).status === 401);
    console.log(`ended there, out here after ${Date.now() - begun} ms`);
    await page.reload();
    assert.equal(new URL(page.url()).pathname, '/.vestibule/sign-in');
  }));

  test('carol signs out here, and Home Assistant has her token no longer', story(async (page, profile) => {
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await there(page, CAROL);
    await page.waitForURL('**/.vestibule/');
    await page.locator('form[action="/.vestibule/sign-out"] button').click();
    await page.waitForURL('**/.vestibule/sign-in');
    const frontend = await profile.newPage();
    await frontend.goto(`${HOME_ASSISTANT}/`);
    await there(frontend, CAROL);
    await frontend.waitForFunction(() => globalThis.hassConnection !== undefined);
    await until('the token is gone there', () => frontend.evaluate(async (client) => {
      const { conn } = await globalThis.hassConnection;
      const tokens = await conn.sendMessagePromise({ type: 'auth/refresh_tokens' });
      return tokens.every((token) => token.client_id !== client);
    }, `${stage.vestibule.origin}/`));
  }));

  test('bob signs in with his second factor, which the form here cannot ask for', story(async (page) => {
    await page.goto('/ingress/whoami/');
    await page.locator('input[name=username]').fill(BOB.name);
    await page.locator('input[name=password]').fill(BOB.password);
    await page.locator('form:has(input[name=password]) [type=submit]').click();
    await page.getByText('Sign in with Home Assistant instead').waitFor();
    await page.locator('#home-assistant').click();
    await there(page, BOB);
    await page.waitForURL('**/ingress/whoami/');
    assert.equal((await session(page)).said.user.id, BOB.id);
  }));

  test('dave may only come from the local network, and is refused from outside through a trusted proxy', story(async (page) => {
    // Only what goes to vestibule comes through the proxy: for Home Assistant's own page dave is at home.
    await page.route(`${stage.vestibule.origin}/**`, (route) => {
      route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '203.0.113.7' } });
    });
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await there(page, DAVE);
    await page.waitForURL('**/callback?**');
    const said = await page.locator('[role=alert]').innerText();
    console.log(`dave from outside: ${said}`);
    assert.match(said, /does not let this account sign in from where you are|local network/);
    assert.equal((await page.context().cookies()).filter(({ name }) => name === '__Host-ingress_session').length, 0);
    await page.unroute(`${stage.vestibule.origin}/**`);
    await page.locator('#home-assistant').click();
    await there(page, DAVE);
    await page.waitForURL('**/.vestibule/');
  }));

  test('the way back is good once: Back leads to a page that helps', story(async (page) => {
    let back;
    page.on('request', (request) => { if (request.url().includes('/callback?')) back = request.url(); });
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await there(page, ALICE);
    await page.waitForURL('**/.vestibule/');
    await page.goto(back);
    await page.getByText('You are signed in already').click();
    await page.waitForURL('**/.vestibule/');
  }));
});

/** A test with a fresh profile at vestibule. */
function story(tell) {
  return async () => {
    const profile = await stage.browser.newContext({ baseURL: stage.vestibule.origin });
    profile.setDefaultTimeout(30_000);
    const page = await profile.newPage();
    try {
      await tell(page, profile);
    } catch (error) {
      stage.failed = true;
      console.error(`at ${page.url()}: ${(await page.locator('body').innerText().catch(() => '')).slice(0, 500)}`);
      throw error;
    } finally {
      await profile.close();
    }
  };
}

/** Who vestibule says that this page's browser is. */
function session(page) {
  return page.evaluate(async () => {
    const answer = await fetch('/.vestibule/session');
    return { status: answer.status, said: await answer.json() };
  });
}

/** Fills in Home Assistant's own page. */
async function there(page, person) {
  await page.waitForURL((url) => url.href.startsWith(`${HOME_ASSISTANT}/auth/authorize`));
  await page.locator('input[name="username"]').fill(person.name);
  await page.locator('input[name="password"]').fill(person.password);
  await page.locator('input[name="password"]').press('Enter');
  if (person.totp) {
    const code = page.locator('input[name="code"]');
    await code.waitFor();
    await code.fill(totp(person.totp));
    await code.press('Enter');
  }
}

/** RFC 6238 over HMAC-SHA-1, six digits, thirty seconds. */
function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Waits until Home Assistant has written the new token to its file, and vestibule has read it. */
async function listed(person) {
  const reads = () => stage.vestibule.output().split("Home Assistant's users have been read").length;
  const before = reads();
  await until(`the token of ${person.name} in the file`, () => reads() > before, 60_000).catch(() => {});
}

async function startVestibule(folder) {
  mkdirSync(folder, { recursive: true });
  const [port, operations] = [await freePort(), await freePort()];
  writeFileSync(join(folder, 'config.toml'), `
[listen]
https = ["127.0.0.1:${port}"]
operations = "127.0.0.1:${operations}"
control = "run/vestibule.sock"
trusted_proxies = ["127.0.0.1/32"]

[tls]
development = "certs"

[home_assistant]
config_dir = "${process.env.HOME_FOLDER}"
url = "${HOME_ASSISTANT}"

[session]
store = "state/sessions.redb"

[sign_in]
methods = ["home-assistant", "password"]

[[addon]]
slug = "whoami"
title = "Who am I"
upstream = "builtin:whoami"
path = "/ingress/whoami"
`);
  const binary = resolve(REPOSITORY, process.env.VESTIBULE_BIN);
  const program = start(binary, ['--config', join(folder, 'config.toml')], { cwd: folder, log: join(folder, 'vestibule.log') });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${operations}/readyz`)).ok);
  return { ...program, origin: `https://localhost:${port}`, authority: join(folder, 'certs', 'vestibule-dev-ca.crt') };
}
