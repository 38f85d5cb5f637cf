// Who asks: the add-on learns it from us, whatever the browser claims.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/conditions.mjs';
import { ALICE, FRANK, ZOE } from '../support/people.mjs';
import { headersAtNodeRed, identityIn, identityOf, open, visit } from '../support/visitor.mjs';

export function identity(stage) {
  for (const person of [FRANK, ZOE, ALICE]) {
    test(`whoami and Node-RED see the three true headers of ${person.name}`, () =>
      visit(stage, async (page) => {
        await open(page, '/ingress/whoami/', person);
        await showsExactly(page, person);
        const headers = await headersAtNodeRed(page);
        assert.deepEqual(identityIn(headers), identityOf(person));
        assert.equal(headers['x-ingress-path'], '/ingress/nodered');
        assert.equal(headers['x-forwarded-proto'], 'https');
        assert.ok(!(headers.cookie ?? '').includes('__Host-ingress'), `our cookies stay with us: ${headers.cookie}`);
      }));
  }

  test('made-up identity headers, in every spelling that a browser sends, change nothing', () =>
    visit(stage, async (page) => {
      await open(page, '/ingress/whoami/', FRANK);
      await page.setExtraHTTPHeaders(MADE_UP);
      await page.reload();
      await showsExactly(page, FRANK);
      const headers = await headersAtNodeRed(page, MADE_UP);
      assert.deepEqual(identityIn(headers), identityOf(FRANK));
      assert.equal(headers['x-ingress-path'], '/ingress/nodered');
      assert.ok(!JSON.stringify(headers).includes(ALICE.id), JSON.stringify(headers));
    }));

  test('made-up identity headers without a session lead to sign-in like any other request', () =>
    visit(stage, async (page) => {
      await page.setExtraHTTPHeaders(MADE_UP);
      await page.goto('/ingress/whoami/');
      assert.equal(new URL(page.url()).pathname, '/.vestibule/sign-in');
    }));

  test('the WebSocket of whoami echoes and its events arrive while the page stands open', () =>
    visit(stage, async (page) => {
      await open(page, '/ingress/whoami/', ZOE);
      await page.locator('#echo', { hasText: 'hello, whoami' }).waitFor();
      const clock = page.locator('#clock');
      const first = await until('the clock shows a time', async () => /\d/.test(await clock.innerText()) && clock.innerText());
      await until('the clock goes on', async () => /\d/.test(await clock.innerText()) && (await clock.innerText()) !== first);
    }));

  test('two people in two browsers are never mistaken for each other', () =>
    visit(stage, (one) =>
      visit(stage, async (other) => {
        await open(one, '/ingress/whoami/', FRANK);
        await open(other, '/ingress/whoami/', ZOE);
        const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => headersAtNodeRed(i % 2 ? one : other)));
        answers.forEach((headers, i) => assert.deepEqual(identityIn(headers), identityOf(i % 2 ? FRANK : ZOE)));
      })));
}

const MADE_UP = {
  'X-Remote-User-Id': ALICE.id,
  'X-Remote-User-Name': ALICE.name,
  'X-Remote-User-Display-Name': ALICE.displayName,
  'X_Remote_User_Id': ALICE.id,
  'x.remote.user.name': ALICE.name,
  'Remote-User': ALICE.name,
  'X-Ingress-Path': '/elsewhere',
};

// whoami shows a person the headers that it got, one row for each line.
async function showsExactly(page, person) {
  const rows = await page.locator('#headers tbody tr').evaluateAll((lines) =>
    lines.map((line) => [line.cells[0].innerText.toLowerCase(), line.cells[1].innerText]));
  assert.deepEqual(identityIn(Object.fromEntries(rows)), identityOf(person));
  assert.equal(new Set(rows.map(([name]) => name)).size, rows.length, `every header once: ${JSON.stringify(rows)}`);
}
