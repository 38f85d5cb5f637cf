// Protected paths of a real Node-RED flow: what people may do follows from the entities that a request is about, and ends
// when Home Assistant's files say otherwise.

import assert from 'node:assert/strict';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FRANK, GRACE, HEIDI } from '../support/people.mjs';
import { open, visit } from '../support/visitor.mjs';

const WHOAMI = '/ingress/whoami/';

// In examples/home the garage door is in the kitchen, the hall window in a bedroom.
const ASKED = [
  ['POST', '/ingress/flows/covers/garage_door/open'],
  ['POST', '/ingress/flows/covers/hall_window/open'],
  ['POST', '/ingress/flows/COVERS/hall_window/open/'],
  ['POST', '/ingress/flows/covers/hall_window%2Fopen'],
  ['POST', '/ingress/flows/call', { entity_id: ['light.bed_light', 'cover.garage_door'] }],
  ['POST', '/ingress/flows/call', { entity_id: ['light.bed_light', 'cover.hall_window'] }],
  ['POST', '/ingress/flows/call', { service: 'turn_on' }],
  ['GET', '/ingress/flows/headers'],
  ['GET', '/ingress/flows/flows'],
];

export function entities(stage) {
  const expected = [
    [GRACE, [200, 403, 403, 400, 200, 403, 400, 200, 403]],
    [FRANK, [403, 403, 403, 400, 403, 403, 400, 200, 403]],
    [HEIDI, [403, 403, 403, 400, 403, 403, 400, 200, 403]],
  ];
  for (const [person, statuses] of expected) {
    test(`what ${person.name} may ask of a flow follows from its entities`, () =>
      visit(stage, async (page) => {
        await open(page, WHOAMI, person);
        assert.deepEqual(await page.evaluate(statusesOf, ASKED), statuses);
      }));
  }

  test('the flow gets the body that was judged, and who sent it', () =>
    visit(stage, async (page) => {
      await open(page, WHOAMI, GRACE);
      const body = { entity_id: 'light.bed_light', brightness: 80 };
      const answer = await page.evaluate(async (body) => {
        const headers = { 'Content-Type': 'application/json' };
        return (await fetch('/ingress/flows/call', { method: 'POST', headers, body: JSON.stringify(body) })).json();
      }, body);
      assert.deepEqual(answer, { user: GRACE.id, got: body });
    }));

  test('a policy edited on disk closes the WebSockets of the one who lost it within two seconds, and no others', () =>
    visit(stage, (hers) => visit(stage, async (his) => {
      await open(hers, WHOAMI, GRACE);
      await open(his, WHOAMI, FRANK);
      await hers.evaluate(openSockets, ['cover/garage_door', 'light/bed_light']);
      await his.evaluate(openSockets, ['cover/living_room_window']);
      const edit = editPolicy(stage, 'custom-kitchen', { entities: { area_ids: { garden: true } } });
      try {
        const closed = await hers.evaluate(() => globalThis.sockets['cover/garage_door'].closed);
        assert.ok(closed - edit.at < 2000, `closed after ${closed - edit.at} ms`);
        assert.equal(await hers.evaluate(echo, ['light/bed_light', 'still here']), 'still here');
        assert.equal(await his.evaluate(echo, ['cover/living_room_window', 'so am I']), 'so am I');
        const again = ['POST', '/ingress/flows/covers/garage_door/open'];
        assert.deepEqual(await hers.evaluate(statusesOf, [again]), [403]);
      } finally {
        edit.undo();
      }
    })));
}

// --- in the page

async function statusesOf(asked) {
  const statuses = [];
  for (const [method, path, body] of asked) {
    const headers = body ? { 'Content-Type': 'application/json' } : {};
    statuses.push((await fetch(path, { method, headers, body: body && JSON.stringify(body) })).status);
  }
  return statuses;
}

async function openSockets(names) {
  globalThis.sockets = {};
  for (const name of names) {
    const socket = new WebSocket(`${location.origin.replace('https', 'wss')}/ingress/flows/live/${name}`);
    const closed = new Promise((done) => { socket.onclose = () => done(Date.now()); });
    await new Promise((done, failed) => { socket.onopen = done; socket.onerror = () => failed(new Error(name)); });
    globalThis.sockets[name] = { socket, closed };
  }
}

function echo([name, text]) {
  const { socket } = globalThis.sockets[name];
  const heard = new Promise((done) => { socket.onmessage = (message) => done(message.data); });
  socket.send(text);
  return heard;
}

// --- on disk, as Home Assistant writes its files: beside, then renamed

function editPolicy(stage, id, policy) {
  const file = join(stage.folder, 'vestibule', 'home', '.storage', 'auth');
  const before = readFileSync(file, 'utf8');
  const auth = JSON.parse(before);
  auth.data.groups.find((group) => group.id === id).policy = policy;
  replace(file, JSON.stringify(auth, null, 2));
  return { at: Date.now(), undo: () => replace(file, before) };
}

function replace(file, text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}
