// People sign in over the page of a real Home Assistant: one who signs out there, one with a second factor, one who may
// only come from the local network and does not.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBrowser } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { ALICE, BOB, CAROL, DAVE, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule, WHOAMI } from './support/vestibule.mjs';
import { comeFromOutside, session, signInThere, story } from './support/visitor.mjs';

const FOLDER = join(process.env.FOLDER, 'sign-in');
const stage = {};

describe('signing in over Home Assistant', { timeout: 300_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER, { furnish: giveBobASecondFactor });
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there), {
      listen: 'trusted_proxies = ["127.0.0.1/32"]',
    });
    stage.browser = await startBrowser(join(FOLDER, 'browser'), stage.vestibule.authority);
  });

  after(async () => {
    await stage.browser?.close();
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('alice signs in there, opens an add-on here, ends the sign-in there, and is out here', story(stage, async (page, profile) => {
    await page.goto('/ingress/whoami/ws-page?x=1');
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, ALICE);
    await page.waitForURL('**/ingress/whoami/ws-page?x=1');
    const seen = await page.evaluate(async () => (await fetch('/ingress/whoami/', { headers: { accept: 'application/json' } })).text());
    assert.ok(seen.includes(ALICE.id), seen);
    assert.equal((await session(page)).said.session.made_by, 'home_assistant');
    await listed(ALICE);
    const frontend = await profile.newPage();
    await frontend.goto(`${stage.there.url}/`);
    await signInThere(frontend, stage.there, ALICE);
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

  test('carol signs out here, and Home Assistant has her token no longer', story(stage, async (page, profile) => {
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, CAROL);
    await page.waitForURL('**/.vestibule/');
    await page.locator('form[action="/.vestibule/sign-out"] button').click();
    await page.waitForURL('**/.vestibule/sign-in');
    const frontend = await profile.newPage();
    await frontend.goto(`${stage.there.url}/`);
    await signInThere(frontend, stage.there, CAROL);
    await frontend.waitForFunction(() => globalThis.hassConnection !== undefined);
    await until('the token is gone there', () => frontend.evaluate(async (client) => {
      const { conn } = await globalThis.hassConnection;
      const tokens = await conn.sendMessagePromise({ type: 'auth/refresh_tokens' });
      return tokens.every((token) => token.client_id !== client);
    }, `${stage.vestibule.origin}/`));
  }));

  test('bob signs in with his second factor, which the form here cannot ask for', story(stage, async (page) => {
    await page.goto('/ingress/whoami/');
    await page.locator('input[name=username]').fill(BOB.name);
    await page.locator('input[name=password]').fill(BOB.password);
    await page.locator('form:has(input[name=password]) [type=submit]').click();
    await page.getByText('Sign in with Home Assistant instead').waitFor();
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, BOB);
    await page.waitForURL('**/ingress/whoami/');
    assert.equal((await session(page)).said.user.id, BOB.id);
  }));

  test('dave may only come from the local network, and is refused from outside through a trusted proxy', story(stage, async (page) => {
    await comeFromOutside(page, stage.vestibule);
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, DAVE);
    await page.waitForURL('**/callback?**');
    const said = await page.locator('[role=alert]').innerText();
    console.log(`dave from outside: ${said}`);
    assert.match(said, /does not let this account sign in from where you are|local network/);
    assert.equal((await page.context().cookies()).filter(({ name }) => name === '__Host-ingress_session').length, 0);
    await page.unroute(`${stage.vestibule.origin}/**`);
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, DAVE);
    await page.waitForURL('**/.vestibule/');
  }));

  test('the way back is good once: Back leads to a page that helps', story(stage, async (page) => {
    let back;
    page.on('request', (request) => { if (request.url().includes('/callback?')) back = request.url(); });
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, ALICE);
    await page.waitForURL('**/.vestibule/');
    await page.goto(back);
    await page.getByText('You are signed in already').click();
    await page.waitForURL('**/.vestibule/');
  }));
});

/** Waits until Home Assistant has written the new token to its file, and vestibule has read it. */
async function listed(person) {
  const reads = () => stage.vestibule.output().split("Home Assistant's users have been read").length;
  const before = reads();
  await until(`the token of ${person.name} in the file`, () => reads() > before, 60_000).catch(() => {});
}

/** As Home Assistant's `totp` module stores it. */
function giveBobASecondFactor(storage) {
  const users = { [BOB.id]: BOB.totp };
  writeFileSync(join(storage, 'auth_module.totp'), JSON.stringify({ version: 1, minor_version: 1, key: 'auth_module.totp', data: { users } }));
}

const sections = ({ home, url }) => `
[home_assistant]
config_dir = "${home}"
url = "${url}"

[sign_in]
methods = ["home-assistant", "password"]
${WHOAMI}`;
