// vestibule as an add-on beside a real Home Assistant: started as the Supervisor starts it, with its default arguments, in a
// network like the Supervisor's (as-addon/network) with Node-RED as another add-on. The Supervisor is a stand-in.

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { editorIsThere } from '../browser/journeys/nodered.mjs';
import { startBrowser, watch } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { startNodeRed } from '../browser/support/nodered.mjs';
import { start } from '../browser/support/processes.mjs';
import { fillIn } from '../browser/support/visitor.mjs';
import { addon, startSupervisor } from './as-addon/supervisor.mjs';
import { ALICE, BOB, FRANK, startHomeAssistant } from './support/home-assistant.mjs';
import { session, signInThere, story } from './support/visitor.mjs';

const FOLDER = join(process.env.FOLDER, 'as-addon');
const CONTAINER = join(import.meta.dirname, 'as-addon', 'container');
const REPOSITORY = resolve(import.meta.dirname, '..', '..');
const PROGRAM = resolve(REPOSITORY, process.env.VESTIBULE_BIN ?? 'target/debug/vestibule');
const TOKEN = 'a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3e4f5a0b1c2d3e4f5';
const VESTIBULE = '172.30.33.7';
const ORIGIN = 'https://homeassistant.local:8443';
const FRONT = 'https://ha.home.local:8443';
const NODE_RED = '/ingress/a0d7b954_nodered/';
const stage = { vestibule: { origin: ORIGIN } };

// What people choose on its page, with what the manifest gives by itself.
const OPTIONS = {
  public_url: ORIGIN,
  home_assistant_url: 'http://homeassistant:8123',
  front_host: 'ha.home.local',
  only_listed: false,
  addons: [{ slug: 'local_mirror', users: ['frank', 'nina'] }],
};

describe('vestibule as an add-on', { timeout: 300_000 }, () => {
  before(async () => {
    const container = join(FOLDER, 'container');
    for (const name of ['data', 'ssl', 'config']) mkdirSync(join(container, name), { recursive: true });
    writeFileSync(join(container, 'data', 'options.json'), JSON.stringify(OPTIONS));
    stage.there = await startHomeAssistant(FOLDER, { port: 8123, proxy: `${VESTIBULE}/32`, address: '172.30.32.1' });
    stage.nodeRed = await startNodeRed(join(FOLDER, 'node-red'), 1880, '172.30.33.4');
    stage.mirror = await startMirror('172.30.33.5', 8099);
    stage.installed = {
      local_vestibule: { ...addon('local_vestibule', 'vestibule', VESTIBULE, 0), ingress: false, ingress_port: null },
      a0d7b954_nodered: addon('a0d7b954_nodered', 'Node-RED', '172.30.33.4', 1880),
      local_mirror: addon('local_mirror', 'Mirror', '172.30.33.5', 8099),
    };
    stage.supervisor = await startSupervisor(TOKEN, stage.installed);
    // Home Assistant's own folder is the one that the container sees, read-only.
    const env = { ...process.env, HOME_ASSISTANT: stage.there.home, SUPERVISOR_TOKEN: TOKEN };
    delete env.VESTIBULE_CONFIG;
    Object.assign(stage.vestibule, start(CONTAINER, [container, PROGRAM, 'as-addon'], { env, log: join(FOLDER, 'vestibule.log') }));
    stage.vestibule.warnings = () => stage.vestibule.output().split('\n').filter((line) => / (WARN|ERROR) /.test(line)).slice(-20).join('\n');
    await stage.vestibule.ready(() => /routes=|ready|listening/.test(stage.vestibule.output()) && /https:/.test(stage.vestibule.output()));
    stage.browser = await startBrowser(join(FOLDER, 'browser'), join(container, 'data', 'certs', 'vestibule-dev-ca.crt'));
  });

  after(async () => {
    await stage.browser?.close();
    await stage.vestibule.stop?.();
    await stage.nodeRed?.stop();
    stage.mirror?.close();
    stage.supervisor?.stop();
    stage.there?.stop();
  });

  test('alice signs in with her password, and Node-RED opens with its WebSocket', story(stage, async (start, profile) => {
    await start.goto('/');
    await fillIn(start, ALICE);
    await start.waitForURL('**/.vestibule/');
    await start.getByText('Node-RED').waitFor();
    assert.equal(await start.getByText('Mirror').count(), 0, 'it names frank and nina');
    const page = await profile.newPage();
    const seen = watch(page);
    await page.goto(NODE_RED);
    await editorIsThere(page);
    await until('the WebSocket gets frames', () => seen.sockets.find((one) => one.received > 0 && !one.closed));
    assert.deepEqual(seen.failures, []);
  }));

  test('frank is no administrator: of the two he may open the one that names him, which is told who he is', story(stage, async (page) => {
    await page.goto('/');
    await fillIn(page, FRANK);
    await page.waitForURL('**/.vestibule/');
    await page.getByText('Mirror').waitFor();
    assert.equal(await page.getByText('Node-RED').count(), 0);
    assert.equal(await statusOf(page, NODE_RED), 403);
    const told = await mirrored(page, { 'X-Remote-User-Name': 'owner' });
    assert.equal(told['x-remote-user-name'], FRANK.name);
    assert.equal(told['x-remote-user-display-name'], 'Frank Guest');
    assert.equal(told['x-ingress-path'], '/ingress/local_mirror');
    assert.equal(told['x-forwarded-host'], 'homeassistant.local:8443');
    console.log(Object.entries(told).filter(([name]) => name.startsWith('x-')).map((pair) => pair.join(': ')).join(', '));
  }));

  test('alice signs in on the page of Home Assistant, which trusts this add-on alone', story(stage, async (page) => {
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await signInThere(page, { url: 'http://homeassistant:8123' }, ALICE);
    await page.waitForURL('**/.vestibule/');
    const { said } = await session(page);
    assert.equal(said.user.id, ALICE.id);
    assert.equal(said.session.made_by, 'home_assistant');
  }));

  test('frank is at Home Assistant itself through the front, and is told of what he may see', story(stage, async (page) => {
    await page.goto(`${FRONT}/`);
    await signInThere(page, { url: FRONT }, FRANK);
    await page.waitForFunction(() => globalThis.hassConnection !== undefined);
    const told = await page.evaluate(async () => {
      const { conn } = await globalThis.hassConnection;
      return (await conn.sendMessagePromise({ type: 'get_states' })).map(({ entity_id: id }) => id);
    });
    const admin = await stage.there.socket(await stage.there.token(ALICE));
    const all = (await admin.ask({ type: 'get_states' })).result.length;
    admin.close();
    console.log(`frank is told of ${told.length} of ${all} entities`);
    assert.ok(told.length > 0 && told.length < all, `${told.length} of ${all}`);
  }));

  test('an add-on that starts anew at another address has its route there, and while it is away none', story(stage, async (page) => {
    await page.goto('/');
    await fillIn(page, FRANK);
    await page.waitForURL('**/.vestibule/');
    const status = () => statusOf(page, '/ingress/local_mirror/');
    assert.equal(await status(), 200);
    Object.assign(stage.installed.local_mirror, { state: 'stopped', ip_address: '0.0.0.0' });
    stage.mirror.close();
    stage.mirror.closeAllConnections();
    await until('its route is gone', async () => (await status()) === 404);
    stage.mirror = await startMirror('172.30.33.6', 8099);
    Object.assign(stage.installed.local_mirror, { state: 'started', ip_address: '172.30.33.6' });
    const begun = Date.now();
    await until('its route is back', async () => (await status()) === 200);
    console.log(`an add-on that has moved is there after ${Date.now() - begun} ms`);
  }));

  test('who is made in Home Assistant can sign in, and who is deactivated there is out', story(stage, async (page) => {
    const admin = await stage.there.socket(await stage.there.token(ALICE));
    const { result } = await admin.ask({ type: 'config/auth/create', name: 'Nina New', group_ids: ['system-users'] });
    await admin.ask({ type: 'config/auth_provider/homeassistant/create', user_id: result.user.id, username: 'nina', password: 'nina-pass-1' });
    await until('nina can sign in', async () => {
      await page.goto('/.vestibule/sign-in');
      await fillIn(page, { name: 'nina', password: 'nina-pass-1' });
      return page.waitForURL('**/.vestibule/', { timeout: 3_000 }).then(() => true, () => false);
    }, 90_000);
    assert.equal((await mirrored(page))['x-remote-user-name'], 'nina');
    const bob = await (await stage.browser.newContext({ baseURL: ORIGIN })).newPage();
    await bob.goto('/.vestibule/sign-in');
    await fillIn(bob, BOB);
    await bob.waitForURL('**/.vestibule/');
    const done = await admin.ask({ type: 'config/auth/update', user_id: result.user.id, is_active: false });
    assert.ok(done.success, JSON.stringify(done));
    const begun = Date.now();
    await until('nina is out', async () => (await session(page)).status === 401, 60_000);
    console.log(`deactivated in Home Assistant, out here after ${Date.now() - begun} ms`);
    assert.equal((await session(bob)).status, 200, 'nobody else is');
    admin.close();
  }));

  test('it has asked the Supervisor for nothing but what there is, and has written nothing of Home Assistant', async () => {
    const others = stage.supervisor.asked.filter((line) => !/^GET \/(supervisor|addons\/[a-z0-9_]+)\/info$/.test(line));
    assert.deepEqual(others, []);
    const complaints = stage.vestibule.output().split('\n').filter((line) => / ERROR |cannot be used/.test(line));
    assert.deepEqual(complaints, []);
  });
});

/** An add-on that answers with the headers that it got. */
async function startMirror(address, port) {
  const server = createServer(({ headers }, answer) => {
    answer.setHeader('content-type', 'application/json').end(JSON.stringify(headers));
  });
  await new Promise((listening) => { server.listen(port, address, listening); });
  return server;
}

function mirrored(page, headers = {}) {
  return page.evaluate(async (claimed) => (await fetch('/ingress/local_mirror/', { headers: claimed })).json(), headers);
}

function statusOf(page, path) {
  return page.evaluate(async (at) => (await fetch(at)).status, path);
}
