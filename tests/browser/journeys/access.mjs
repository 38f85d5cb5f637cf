// An add-on for administrators.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, FRANK } from '../support/people.mjs';
import { open, START, visit } from '../support/visitor.mjs';

export function access(stage) {
  test('frank is refused the add-on for administrators, on a page that says so and gives nothing away', () =>
    visit(stage, async (page) => {
      await open(page, '/ingress/whoami/', FRANK);
      assert.equal(await page.evaluate(async () => (await fetch('/ingress/admin/')).status), 403);
      const answer = await page.goto('/ingress/admin/');
      assert.equal(answer.status(), 403);
      assert.match(answer.headers()['content-type'], /^text\/html/);
      const text = await page.locator('body').innerText();
      assert.ok(!/x-remote-user/i.test(text) && !text.includes(ALICE.id), text);
    }));

  test('alice opens the add-on for administrators', () =>
    visit(stage, async (page) => {
      await open(page, '/ingress/admin/', ALICE);
      assert.ok((await page.locator('body').innerText()).includes(ALICE.id));
    }));

  test('the start page offers each person what that person may open', () =>
    visit(stage, (one) =>
      visit(stage, async (other) => {
        await open(one, START, FRANK);
        await open(other, START, ALICE);
        const offered = (page) => page.locator('a[href^="/ingress/"]').evaluateAll((links) => links.map((link) => new URL(link.href).pathname.split('/')[2]));
        assert.deepEqual((await offered(one)).sort(), ['away', 'files', 'flows', 'nodered', 'radicale', 'whoami']);
        assert.deepEqual((await offered(other)).sort(), ['admin', 'away', 'files', 'flows', 'nodered', 'radicale', 'whoami']);
      })));
}
