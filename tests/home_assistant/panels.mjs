// Home Assistant takes vestibule for its Supervisor's ingress: its own pages open add-ons, for whom and as whom vestibule
// says, over `[supervisor] home_assistant_listen`.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBrowser, watch } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { freePort } from '../browser/support/processes.mjs';
import { ALICE, DAVE, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule, WHOAMI } from './support/vestibule.mjs';
import { signInThere } from './support/visitor.mjs';

const FOLDER = join(process.env.FOLDER, 'panels');
const TOKEN = '5f0c1e8d2b7a49638e1d0c9b8a7f6e5d5f0c1e8d2b7a49638e1d0c9b8a7f6e5d';
const stage = {};

describe('the panels of Home Assistant', { timeout: 300_000 }, () => {
  before(async () => {
    const door = await freePort();
    const environment = { SUPERVISOR: `127.0.0.1:${door}`, SUPERVISOR_TOKEN: TOKEN };
    stage.there = await startHomeAssistant(FOLDER, { environment });
    stage.gone = await freePort();
    stage.ports = [door, stage.gone];
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there, door, stage.gone), {
      secrets: { door: TOKEN },
    });
    stage.browser = await startBrowser(join(FOLDER, 'browser'), stage.vestibule.authority);
    for (const person of [ALICE, DAVE]) {
      stage[person.name] = await stage.there.socket(await stage.there.token(person));
    }
  });

  after(async () => {
    stage.alice?.close();
    stage.dave?.close();
    await stage.browser?.close();
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('alice and dave get sessions over the WebSocket, and the add-on is told who each of them is', async () => {
    for (const [person, name] of [[ALICE, 'Alice Admin'], [DAVE, 'Dave Local']]) {
      const { entry, session } = await opened(person, 'whoami');
      const claimed = { 'x-remote-user-id': 'root', 'x-ingress-path': '/evil' };
      const answer = await ask(`${entry}/x?y=1`, session, { accept: 'application/json', ...claimed });
      assert.equal(answer.status, 200, answer.text);
      const { target, headers } = JSON.parse(answer.text);
      const told = (wanted) => headers.filter(([header]) => header === wanted).map(([, value]) => value);
      assert.equal(target, '/x?y=1');
      assert.deepEqual(told('x-remote-user-id'), [person.id]);
      assert.deepEqual(told('x-remote-user-name'), [person.name]);
      assert.deepEqual(told('x-remote-user-display-name'), [name]);
      assert.deepEqual(told('x-ingress-path'), [entry]);
      assert.deepEqual(told('x-forwarded-for'), ['127.0.0.1']);
      assert.deepEqual(told('cookie'), []);
      console.log(`${person.name}: ${headers.filter(([header]) => header.startsWith('x-')).map((pair) => pair.join(': ')).join(', ')}`);
    }
  });

  test('an add-on for administrators is refused to dave, also with a session that Home Assistant made for him', async () => {
    const { entry, session } = await opened(ALICE, 'admin');
    assert.equal((await ask(`${entry}/`, session)).status, 200);
    // The old call asks only whether it is an ingress call: the session is made, and opens what dave may.
    const { result } = await stage.dave.ask({ type: 'supervisor/api', endpoint: '/ingress/session', method: 'post' });
    const answer = await ask(`${entry}/`, result.session);
    assert.deepEqual([answer.status, answer.text], [403, '403: Forbidden']);
    const asked = await stage.dave.ask({ type: 'supervisor/ingress/info', slug: 'admin' });
    assert.equal(asked.error?.code, 'unauthorized', JSON.stringify(asked));
    assert.equal((await ask(`${entry}/`, '0'.repeat(128))).status, 401);
  });

  test('an add-on that is away is 502 in exactly the words that the panel knows', async () => {
    const { entry, session } = await opened(ALICE, 'gone');
    const answer = await ask(`${entry}/`, session);
    assert.deepEqual([answer.status, answer.text], [502, '502: Bad Gateway']);
  });

  test('a stream that is open ends when the operator revokes the session', async () => {
    const { entry, session } = await opened(DAVE, 'whoami');
    const headers = { cookie: `ingress_session=${session}` };
    const stream = await fetch(`${stage.there.url}${entry}/events`, { headers });
    const reader = stream.body.getReader();
    assert.ok((await reader.read()).value.length > 0);
    stage.vestibule.command('sessions', 'revoke', '--user', 'dave');
    const begun = Date.now();
    const end = async () => {
      for (;;) if ((await reader.read()).done) return;
    };
    await end().catch(() => {});
    console.log(`revoked here, ended at Home Assistant after ${Date.now() - begun} ms`);
    assert.equal((await ask(`${entry}/`, session)).status, 401);
    const said = await stage.dave.ask({ type: 'supervisor/ingress/validate_session', session });
    assert.equal(said.success, false, 'the panel learns of it and asks for another session');
  });

  test('alice opens an add-on in Home Assistant, by its address and from the sidebar', panel(ALICE, async (page) => {
    await page.goto(`${stage.there.url}/app/whoami`);
    await shows(page, ALICE);
    await pushed('whoami');
    await pushed('admin');
    await page.goto(`${stage.there.url}/profile`);
    const sidebar = page.locator('ha-sidebar');
    await sidebar.getByText('Administrators').waitFor();
    await sidebar.getByText('Who am I').click();
    await page.waitForURL((at) => at.pathname === '/whoami');
    await shows(page, ALICE);
  }));

  test('an add-on that is away is offered to be tried again, and then it is there', panel(ALICE, async (page) => {
    await page.goto(`${stage.there.url}/app/gone`);
    const retry = page.getByRole('button', { name: 'Retry' });
    await retry.waitFor();
    const itsPage = '<!doctype html><title>back</title><p>I am back</p>';
    const addon = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(itsPage));
    await new Promise((listening) => { addon.listen(stage.gone, '127.0.0.1', listening); });
    try {
      await until('the add-on is shown', async () => {
        // The dialog may be on its way out when it is looked at.
        if (await retry.isVisible()) await retry.click({ timeout: 2_000 });
        return (await page.locator('iframe').contentFrame().getByText('I am back').count()) > 0;
      }, 60_000);
    } finally {
      addon.close();
      addon.closeAllConnections();
    }
  }));

  test('dave finds the panels that are for everybody, and opens one as himself', panel(DAVE, async (page) => {
    await pushed('whoami');
    await pushed('admin');
    await page.goto(`${stage.there.url}/profile`);
    const sidebar = page.locator('ha-sidebar');
    await sidebar.getByText('Who am I').click();
    await shows(page, DAVE);
    assert.equal(await sidebar.getByText('Administrators').count(), 0);
  }));

  test('at the front, dave opens the panel that is for him, and it is told who he is', panel(DAVE, async (page) => {
    const sidebar = page.locator('ha-sidebar');
    await sidebar.getByText('Who am I').click();
    await page.waitForURL((at) => at.pathname === '/whoami');
    await shows(page, DAVE);
    assert.equal(await sidebar.getByText('Administrators').count(), 0);
    const { ingress_entry: admin } = (await stage.alice.ask({ type: 'supervisor/api', endpoint: '/addons/admin/info', method: 'get' })).result;
    const { ingress_entry: whoami } = (await stage.alice.ask({ type: 'supervisor/api', endpoint: '/addons/whoami/info', method: 'get' })).result;
    const status = (entry) => page.evaluate(async (path) => (await fetch(`${path}/`)).status, entry);
    assert.equal(await status(whoami), 200);
    assert.equal(await status(admin), 401, 'its address is no secret, and no use to him');
    // With a session that Home Assistant's Supervisor made for alice in the place of his own.
    const made = (await stage.alice.ask({ type: 'supervisor/api', endpoint: '/ingress/session', method: 'post' })).result.session;
    await page.evaluate((session) => { document.cookie = `ingress_session=${session};path=/api/hassio_ingress/;secure`; }, made);
    assert.equal(await status(whoami), 401);
  }, () => stage.vestibule.origin));

  test('at the front, alice opens an add-on for administrators by its address', panel(ALICE, async (page) => {
    await page.goto(`${stage.vestibule.origin}/app/admin`);
    await shows(page, ALICE);
  }, () => stage.vestibule.origin));

  test('at the front, what dave has open ends with his access to it', panel(DAVE, async (page) => {
    await page.locator('ha-sidebar').getByText('Who am I').click();
    await shows(page, DAVE);
    const status = () => page.evaluate(async (path) => (await fetch(path)).status, new URL(page.frames().at(-1).url()).pathname);
    assert.equal(await status(), 200);
    const [door, gone] = stage.ports;
    stage.vestibule.reconfigure(sections(stage.there, door, gone, 'access = { users = ["bob"] }'));
    const begun = Date.now();
    await until('dave is refused', async () => (await status()) === 401);
    console.log(`access taken away, refused after ${Date.now() - begun} ms`);
  }, () => stage.vestibule.origin));
});

/** The address of an add-on at Home Assistant, and a session, as a panel asks for both. */
async function opened(person, slug) {
  const there = stage[person.name];
  const api = (endpoint, method) => there.ask({ type: 'supervisor/api', endpoint, method });
  const info = await api(`/addons/${slug}/info`, 'get');
  assert.ok(info.success, JSON.stringify(info));
  const made = await api('/ingress/session', 'post');
  assert.ok(made.success, JSON.stringify(made));
  return { entry: info.result.ingress_entry, session: made.result.session };
}

/** Asks Home Assistant for a page of an add-on. */
async function ask(path, session, headers = {}) {
  const answer = await fetch(`${stage.there.url}${path}`, { headers: { cookie: `ingress_session=${session}`, ...headers } });
  return { status: answer.status, text: await answer.text() };
}

/** Home Assistant is told that an add-on has a panel, as a Supervisor would tell it. */
async function pushed(slug) {
  const authorization = `Bearer ${await stage.there.token(ALICE)}`;
  const answer = await fetch(`${stage.there.url}/api/hassio_push/panel/${slug}`, { method: 'POST', headers: { authorization } });
  assert.equal(answer.status, 200, await answer.text());
}

/** The add-on's page stands in the panel, with this person's id and what came back over its WebSocket. */
async function shows(page, { id }) {
  const frame = page.locator('iframe').contentFrame();
  await frame.getByText(id).first().waitFor();
  await frame.locator('#echo', { hasText: 'hello, whoami' }).waitFor();
  console.log(`${page.url()}: ${(await frame.locator('body').innerText()).replace(/\s+/g, ' ').slice(0, 300)}`);
}

/** A person who has signed in at Home Assistant, in a fresh profile. */
function panel(person, tell, at = () => stage.there.url) {
  return async () => {
    const profile = await stage.browser.newContext();
    profile.setDefaultTimeout(30_000);
    const page = await profile.newPage();
    const seen = watch(page);
    try {
      await page.goto(`${at()}/`);
      await signInThere(page, { url: at() }, person);
      await page.waitForFunction(() => globalThis.hassConnection !== undefined);
      await until('it is signed in', async () => (await page.locator('ha-sidebar').count()) > 0);
      await tell(page);
    } catch (error) {
      console.error(`at ${page.url()}: ${(await page.locator('body').innerText().catch(() => '')).slice(0, 500)}`);
      console.error(seen.complaints.slice(-20).join('\n'), stage.vestibule.warnings());
      throw error;
    } finally {
      await profile.close();
    }
  };
}

const sections = ({ home, url }, door, gone, access = '') => `
[home_assistant]
config_dir = "${home}"
url = "${url}"

[home_assistant.front]
host = "localhost"

[supervisor]
state = "state/supervisor.json"
home_assistant_listen = "127.0.0.1:${door}"
home_assistant_listen_token = { file = "secrets/door" }
home_assistant_listen_trusted_proxies = ["127.0.0.1/32"]

${WHOAMI}
icon = "mdi:account-question"
supervisor_slug = "whoami"
${access}

[[addon]]
slug = "admin"
title = "Administrators"
upstream = "builtin:whoami"
path = "/ingress/admin"
supervisor_slug = "admin"
access = { admin_only = true }

[[addon]]
slug = "gone"
upstream = "http://127.0.0.1:${gone}"
path = "/ingress/gone"
`;
