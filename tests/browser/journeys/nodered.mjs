// A real add-on UI behind a prefix.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watch } from '../support/browser.mjs';
import { until } from '../support/conditions.mjs';
import { NODE_RED_HOST } from '../support/nodered.mjs';
import { ALICE } from '../support/people.mjs';
import { open, SIGN_IN, START, visit } from '../support/visitor.mjs';

const PREFIX = '/ingress/nodered/';

export function nodeRed(stage) {
  test('the editor renders behind its prefix, its WebSocket is open, and nothing is asked for outside the prefix', () =>
    visit(stage, async (start, _seen, profile) => {
      await open(start, START, ALICE);
      const page = await profile.newPage();
      const seen = watch(page);
      await page.goto(PREFIX);
      await editorIsThere(page);
      const socket = await until('the WebSocket gets frames', () => seen.sockets.find((one) => one.received > 0 && !one.closed));
      assert.equal(socket.url, `${stage.vestibule.origin.replace('https', 'wss')}${PREFIX}comms`);
      const outside = seen.requests.filter((url) => !url.startsWith(stage.vestibule.origin + PREFIX) && !/^(data|blob):/.test(url));
      assert.deepEqual(outside, []);
      assert.ok(seen.requests.length > 40, `${seen.requests.length} requests`);
      assert.deepEqual(seen.failures, []);
      assert.deepEqual(seen.complaints.filter((line) => line.startsWith('e')), []);
    }));

  test('a flow is edited and deployed: a POST with a body, and the other editor hears of it over its WebSocket', () =>
    visit(stage, async (page, _seen, profile) => {
      await open(page, PREFIX, ALICE);
      await editorIsThere(page);
      const other = await profile.newPage();
      await other.goto(PREFIX);
      await editorIsThere(other);
      const note = `changed in a browser ${Date.now()}`;
      const status = await page.evaluate(async (info) => {
        const headers = { 'Content-Type': 'application/json', 'Node-RED-API-Version': 'v2' };
        const { rev, flows } = await (await fetch('flows', { headers })).json();
        flows.find((node) => node.type === 'tab').info = info;
        return (await fetch('flows', { method: 'POST', headers, body: JSON.stringify({ rev, flows }) })).status;
      }, note);
      assert.equal(status, 200);
      await other.getByText('The flows on the server have been updated').first().waitFor();
    }));

  test('without the slash at its end the prefix leads to the add-on too', () =>
    visit(stage, async (page) => {
      await open(page, PREFIX, ALICE);
      await page.goto(PREFIX.slice(0, -1));
      assert.equal(new URL(page.url()).pathname, PREFIX);
      await editorIsThere(page);
    }));
}

export function nodeRedOnItsHost(stage) {
  test('the editor renders at the root of its host, with a session for it alone, and its WebSocket is open', () => {
    const origin = `https://${NODE_RED_HOST}:${stage.vestibule.port}`;
    return visit(stage, async (page, seen, profile) => {
      await open(page, `${origin}/`, ALICE);
      await editorIsThere(page);
      const socket = await until('the WebSocket gets frames', () => seen.sockets.find((one) => one.received > 0 && !one.closed));
      assert.equal(socket.url, `${origin.replace('https', 'wss')}/comms`);
      const outside = seen.requests.filter((url) => !url.startsWith(`${origin}/`) && !/^(data|blob):/.test(url));
      assert.deepEqual(outside, []);
      assert.deepEqual(seen.failures, []);
      const headers = await page.evaluate(async () => Object.fromEntries(await (await fetch('/headers')).json()));
      assert.equal(headers['x-remote-user-id'] ?? headers['X-Remote-User-Id'], ALICE.id);
      assert.ok(!Object.keys(headers).some((name) => name.toLowerCase() === 'x-ingress-path'), 'there is no prefix');
      // The session of one host is worth nothing on another: its cookie never goes there.
      const ours = (await profile.cookies()).filter((cookie) => cookie.name === '__Host-ingress_session');
      assert.deepEqual(ours.map((cookie) => cookie.domain), [NODE_RED_HOST]);
      await page.goto('/ingress/whoami/');
      assert.equal(new URL(page.url()).pathname, SIGN_IN);
    });
  });
}

/** The palette and the workspace are drawn once the editor has loaded all it needs. */
export async function editorIsThere(page) {
  await page.locator('#red-ui-palette .red-ui-palette-node').first().waitFor();
  await page.locator('.red-ui-flow-node').first().waitFor();
}
