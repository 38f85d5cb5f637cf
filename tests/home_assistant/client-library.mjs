// Libraries that clients of Home Assistant are written with, unchanged, at its front: the official one, which its own front
// end uses, and one of Python. Each user is told of what Home Assistant's own engine lets them read, and acts on no more.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { promisify } from 'node:util';
import {
  callService, createConnection, createLongLivedTokenAuth, getConfig, getServices, getStates, getUser, subscribeEntities,
} from '../browser/node_modules/home-assistant-js-websocket/dist/index.js';
import { until } from '../browser/support/conditions.mjs';
import { pythonPrograms } from '../browser/support/python.mjs';
import { MORE, sections } from './front/configuration.mjs';
import { ALICE, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule } from './support/vestibule.mjs';

const GRACE = { name: 'grace', password: 'grace-pass-1' };
const HERE = join(import.meta.dirname, 'client-library');
const FOLDER = join(process.env.FOLDER, 'client-library');
const stage = {};

describe("libraries for Home Assistant's clients, at its front", { timeout: 600_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER, { more: MORE });
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there, { url: stage.there.url }));
    setDefaultCACertificates([readFileSync(stage.vestibule.authority, 'utf8')]);
    stage.admin = await stage.there.socket(await stage.there.token(ALICE));
  });

  after(async () => {
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  for (const who of [ALICE, GRACE]) {
    test(`home-assistant-js-websocket as ${who.name}`, () => official(who));
    test(`hass-client as ${who.name}`, () => python(who));
  }

  test("home-assistant-js-websocket with a pass of an administrator's", byPass);
});

async function official(who) {
  const { token, readable } = await known(who);
  const connection = await createConnection({ auth: createLongLivedTokenAuth(stage.vestibule.origin, token), setupRetry: 0 });
  try {
    assert.deepEqual((await getStates(connection)).map(idOf).sort(), readable);
    assert.equal((await getConfig(connection)).location_name, 'Proxy Test Home');
    assert.equal((await getUser(connection)).is_admin, who === ALICE);
    assert.ok((await getServices(connection)).light.turn_on);
    let seen = {};
    const end = subscribeEntities(connection, (entities) => { seen = entities; });
    await until('all entities are there', () => Object.keys(seen).length > 0);
    assert.deepEqual(Object.keys(seen).sort(), readable);
    const before = seen['light.bed_light'].state;
    await callService(connection, 'light', 'toggle', undefined, { entity_id: 'light.bed_light' });
    await until('the light has changed', () => seen['light.bed_light'].state !== before);
    if (who !== ALICE) await refused(connection);
    // As after a suspended tablet: it connects anew, and is told again of all that it has subscribed to.
    seen = {};
    connection.reconnect(true);
    await until('it has come back', () => connection.connected && Object.keys(seen).length === readable.length);
    assert.equal((await connection.ping()) ?? true, true);
    end();
    console.log(`home-assistant-js-websocket, ${who.name}: ${readable.length} entities, a service, a new connection`);
  } finally {
    connection.close();
  }
}

/** A token of vestibule's, in whose place Home Assistant takes one that it was shown for the user. */
async function byPass() {
  const pass = stage.vestibule.command('passes', 'new', '--user', 'alice', '--group', 'custom-lights').trim();
  const connection = await createConnection({ auth: createLongLivedTokenAuth(stage.vestibule.origin, pass), setupRetry: 0 });
  const seen = (await getStates(connection)).map(idOf);
  assert.ok(seen.includes('light.bed_light') && seen.every((id) => /^(light|switch)\./.test(id)), `${seen}`);
  assert.equal((await getUser(connection)).name, 'Alice Admin');
  await callService(connection, 'light', 'toggle', undefined, { entity_id: 'light.bed_light' });
  await refused(connection);
  await assert.rejects(connection.sendMessagePromise({ type: 'auth/sign_path', path: '/api/states' }), ({ code }) => code === 'unauthorized');
  connection.close();
  const headers = { authorization: `Bearer ${pass}` };
  const states = await (await fetch(`${stage.vestibule.origin}/api/states`, { headers })).json();
  assert.deepEqual(states.map(idOf).sort(), seen.sort());
  assert.equal((await fetch(`${stage.there.url}/api/states`, { headers })).status, 401, 'to Home Assistant itself it is nothing');
  console.log(`a pass of alice's: ${seen.length} lights and switches`);
}

/** What they may not do, in Home Assistant's own words. */
async function refused(connection) {
  const unlock = callService(connection, 'lock', 'unlock', undefined, { entity_id: 'lock.front_door' });
  await assert.rejects(unlock, ({ code }) => code === 'unauthorized');
  await assert.rejects(connection.sendMessagePromise({ type: 'config/auth/list' }), ({ code }) => code === 'unauthorized');
  await assert.rejects(connection.subscribeMessage(() => {}, { type: 'render_template', template: '{{ states }}' }), ({ code }) => code === 'unauthorized');
}

async function python(who) {
  const { token, readable } = await known(who);
  const program = join(pythonPrograms('client-python', join(HERE, 'requirements.txt')), 'python');
  const url = `${stage.vestibule.origin.replace('https', 'wss')}/api/websocket`;
  const { stdout } = await promisify(execFile)(program, [join(HERE, 'client.py'), url, token, stage.vestibule.authority]);
  const told = JSON.parse(stdout);
  assert.deepEqual(told.states, readable);
  assert.deepEqual([told.config, told.changed], ['Proxy Test Home', 'light.bed_light']);
  assert.ok(told.services.includes('light'));
  if (who === ALICE) {
    assert.equal(told.refused, undefined);
  } else {
    assert.match(told.refused, /Unauthorized/i);
    assert.deepEqual(told.entities.filter((id) => !readable.includes(id)), []);
  }
  console.log(`hass-client, ${who.name}: ${told.states.length} entities, ${told.areas.length} areas; a lock: ${told.refused ?? 'opened'}`);
}

/** A long-lived token, of which nobody has two of one name, and what Home Assistant itself shows its user. */
async function known(who) {
  const token = (stage[who.name] ??= await stage.there.longLivedToken(who));
  const answer = await fetch(`${stage.there.url}/api/states`, { headers: { authorization: `Bearer ${token}` } });
  return { token, readable: (await answer.json()).map(idOf).sort() };
}

const idOf = ({ entity_id: id }) => id;
