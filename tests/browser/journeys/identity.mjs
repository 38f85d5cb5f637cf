// Who asks: the add-on learns it from us, whatever the browser claims.

import assert from 'node:assert/strict';
import { test } from 'node:test';
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
        assert.ok(!(headers.cookie ?? '').includes('ingress_session'), 'the session stays with us');
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

// whoami is for people: its page names each header and its value.
async function showsExactly(page, person) {
  const text = await page.locator('body').innerText();
  for (const [name, value] of Object.entries(identityOf(person))) {
    assert.ok(text.toLowerCase().includes(name), `${name} is on the page:\n${text}`);
    assert.ok(text.includes(value), `${value} is on the page:\n${text}`);
  }
  for (const other of [FRANK, ZOE, ALICE].filter((one) => one !== person)) {
    assert.ok(!text.includes(other.id), `${other.name}'s id is not on the page`);
  }
}
