// What Home Assistant is told: its events, the entities, and the blueprints with a phone, up to "It was not me".

import assert from 'node:assert/strict';
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../browser/support/conditions.mjs';
import { freePort } from '../browser/support/processes.mjs';
import { Client } from './support/client.mjs';
import { ALICE, FRANK, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule } from './support/vestibule.mjs';

const FOLDER = join(process.env.FOLDER, 'presence');
const BLUEPRINTS = resolve(import.meta.dirname, '../../packaging/blueprints');
const stage = { notified: [] };

describe('presence', { timeout: 300_000 }, () => {
  before(async () => {
    const furnish = (storage) => {
      const folder = join(storage, '..', 'blueprints', 'automation', 'vestibule');
      mkdirSync(folder, { recursive: true });
      for (const name of readdirSync(BLUEPRINTS)) copyFileSync(join(BLUEPRINTS, name), join(folder, name));
      writeFileSync(join(storage, '..', 'automations.yaml'), '[]\n');
    };
    stage.there = await startHomeAssistant(FOLDER, { furnish, more: '\nmobile_app:\nautomation: !include automations.yaml\n' });
    stage.token = await stage.there.longLivedToken(ALICE);
    stage.socket = await stage.there.socket(await stage.there.token(ALICE));
    stage.events = stage.socket.next;
    await stage.socket.ask({ type: 'subscribe_events', event_type: 'vestibule_event' });
    await pushed();
    const port = await freePort();
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(), {
      port,
      listen: `public_urls = ["https://localhost:${port}"]`,
      secrets: { 'home-assistant': stage.token },
    });
    await paired();
  });

  after(async () => {
    stage.socket?.close();
    await stage.vestibule?.stop();
    stage.there?.stop();
    stage.push?.close();
  });

  test('a sign-in and a new device are events', async () => {
    stage.thief = new Client(stage.vestibule);
    assert.equal(await stage.thief.signIn(FRANK), 303);
    const told = await until('both are told', () => {
      const events = stage.socket.events(stage.events);
      return ['sign_in', 'new_device'].every((type) => events.some(({ data }) => data.type === type)) && events;
    });
    for (const { event_type: name, data } of told) {
      assert.equal(name, 'vestibule_event');
      assert.deepEqual([data.user_name, data.display_name, data.method], ['frank', 'Frank Guest', 'password']);
      assert.doesNotMatch(JSON.stringify(data), new RegExp(FRANK.password));
    }
  });

  test('the blueprint tells the phone, and its link ends that session', async () => {
    const notice = await until('the phone is told', () => stage.notified.find(({ title }) => title === 'Somebody has signed in'));
    assert.match(notice.message, /^Frank Guest from 127\.0\.0\.1 with/);
    const [action] = notice.data.actions;
    assert.equal(action.title, 'It was not me');
    assert.equal(await stage.thief.status('/.vestibule/session'), 200);

    const victim = new Client(stage.vestibule);
    const { pathname, search } = new URL(action.uri);
    const page = await victim.ask(pathname + search);
    assert.equal(page.status, 200);
    const [, target] = page.text.match(/<form[^>]*action="([^"]*)"/);
    const fields = [...page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
    const headers = { origin: stage.vestibule.origin, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams(fields).toString();
    assert.equal((await victim.ask(target.replaceAll('&amp;', '&'), { method: 'POST', headers, body })).status, 200);
    assert.equal(await stage.thief.status('/.vestibule/session'), 401);
    await until('that is told too', () => stage.socket.events(stage.events).some(({ data }) => data.type === 'not_me'));
  });

  test('who asks for access is told of on the phone', async () => {
    const frank = new Client(stage.vestibule);
    assert.equal(await frank.signIn(FRANK), 303);
    const refused = await frank.ask('/ingress/safe/', { headers: { accept: 'text/html' } });
    assert.equal(refused.status, 403);
    const [, target] = refused.text.match(/action="(\/\.vestibule\/ask-access[^"]*)"/);
    assert.equal((await frank.ask(target, { method: 'POST', headers: { origin: stage.vestibule.origin } })).status, 200);
    const notice = await until('the phone is told', () => stage.notified.find(({ title }) => title === 'Somebody asks for access'));
    assert.match(notice.message, /^Frank Guest: The safe, request [0-9a-f]{16}$/);
  });

  test('guessing is told once, and the phone with it', async () => {
    const guesser = new Client(stage.vestibule);
    for (let guess = 0; guess < 12; guess += 1) await guesser.signIn({ name: 'frank', password: `guess-${guess}` });
    const events = () => stage.socket.events(stage.events).filter(({ data }) => ['throttled', 'banned'].includes(data.type));
    await until('it is told', () => events().length > 0);
    assert.deepEqual(events().map(({ data }) => data.client), ['127.0.0.1']);
    await until('the phone is told', () => stage.notified.find(({ title }) => title === 'Somebody guesses passwords'));
  });

  test('sessions and add-ons are entities, and those of an add-on that is gone are gone', async () => {
    const state = async (entity) => {
      const answer = await fetch(`${stage.there.url}/api/states/${entity}`, { headers: authorized() });
      return answer.ok ? (await answer.json()).state : answer.status;
    };
    await until('the sessions are counted', async () => /^\d+$/.test(await state('sensor.vestibule_sessions')), 90_000);
    const visitor = new Client(stage.vestibule);
    assert.equal(await visitor.signIn(ALICE), 303);
    assert.equal(await visitor.status('/ingress/push/'), 201);
    await until('the add-on is on', async () => (await state('binary_sensor.vestibule_push')) === 'on', 90_000);
    stage.vestibule.reconfigure(sections().replace(addon(), ''));
    await until('it is gone', async () => (await state('binary_sensor.vestibule_push')) === 404, 90_000);
  });
});

const authorized = () => ({ authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' });

/** Starts what sends notifications on to phones, which is the add-on here as well. */
async function pushed() {
  stage.push = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text) => { body += text; });
    request.on('end', () => {
      if (request.method === 'POST') stage.notified.push(JSON.parse(body));
      response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    });
  });
  await new Promise((done) => { stage.push.listen(0, '127.0.0.1', done); });
  stage.pushUrl = `http://127.0.0.1:${stage.push.address().port}`;
}

/** Registers a phone, as Home Assistant's app does, and makes automations of the blueprints with it. */
async function paired() {
  const post = async (path, body) => {
    const answer = await fetch(`${stage.there.url}${path}`, { method: 'POST', headers: authorized(), body: JSON.stringify(body) });
    assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer.json();
  };
  await post('/api/mobile_app/registrations', {
    app_id: 'io.example.phone', app_name: 'Phone', app_version: '1', device_id: 'phone-1', device_name: 'Phone of Frank', manufacturer: 'Example',
    model: 'One', os_name: 'Example', os_version: '1', supports_encryption: false,
    app_data: { push_token: 'token', push_url: `${stage.pushUrl}/` },
  });
  const { result } = await stage.socket.ask({ type: 'config/device_registry/list' });
  const phone = result.find(({ name }) => name === 'Phone of Frank').id;
  const automations = { sign_in: { kind: 'new_device' }, attempts: { kind: 'throttled' }, access: {}, certificate: {} };
  for (const [name, input] of Object.entries(automations)) {
    const blueprint = { path: `vestibule/${name}.yaml`, input: { phone, ...input } };
    await post(`/api/config/automation/config/${name}`, { alias: name, use_blueprint: blueprint });
  }
  await until('Home Assistant has taken in the blueprints', async () => {
    const { result: states } = await stage.socket.ask({ type: 'get_states' });
    return states.filter(({ entity_id: id, state }) => id.startsWith('automation.') && state === 'on').length === 4;
  });
}

const addon = () => `
[[addon]]
slug = "push"
upstream = "${stage.pushUrl}"
path = "/ingress/push"
`;

const SAFE = `
[[addon]]
slug = "safe"
title = "The safe"
upstream = "builtin:whoami"
path = "/ingress/safe"
access = { admin_only = true }
`;

const sections = () => `
[home_assistant]
config_dir = "${stage.there.home}"
url = "${stage.there.url}"

[presence]
events = ["sign_in", "new_device", "throttled", "banned", "access_asked", "not_me", "certificate"]
token = { file = "secrets/home-assistant" }
not_me = "24h"
entities = true
${addon()}${SAFE}`;
