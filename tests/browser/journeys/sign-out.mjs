// Signing out ends everything that the session had opened.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/conditions.mjs';
import { FRANK } from '../support/people.mjs';
import { ask } from '../support/vestibule.mjs';
import { headersAtNodeRed, identityIn, identityOf, open, SIGN_IN, START, visit } from '../support/visitor.mjs';
import { watch } from '../support/browser.mjs';
import { editorIsThere } from './nodered.mjs';

export function signOut(stage) {
  test('sign-out cuts the open WebSocket within a second, the add-on asks to sign in again, and the old cookie is worth nothing', () =>
    visit(stage, async (page, _seen, profile) => {
      await open(page, START, FRANK);
      const editor = await profile.newPage();
      const seen = watch(editor);
      await editor.goto('/ingress/nodered/');
      await editorIsThere(editor);
      const socket = await until('the WebSocket gets frames', () => seen.sockets.find((one) => one.received > 0));
      const token = (await profile.cookies()).find((cookie) => cookie.name === '__Host-ingress_session').value;

      const left = Date.now();
      await page.getByRole('button', { name: /sign out/i }).click();
      await until('the WebSocket is closed', () => socket.closed);
      assert.ok(socket.closed - left < 1_500, `closed ${socket.closed - left} ms after the click`);

      await page.goto('/ingress/whoami/');
      assert.equal(new URL(page.url()).pathname, SIGN_IN);
      await editor.reload();
      assert.equal(new URL(editor.url()).pathname, SIGN_IN);
      assert.ok(!(await profile.cookies()).some((cookie) => cookie.name === '__Host-ingress_session'), 'the cookie is gone');
      const replay = await ask(stage.vestibule, '/ingress/whoami/', { cookie: `__Host-ingress_session=${token}` });
      assert.equal(replay.status, 401);
    }));

  test('the session of one browser outlives the sign-out of another', () =>
    visit(stage, (one) =>
      visit(stage, async (other) => {
        await open(one, START, FRANK);
        await open(other, '/ingress/whoami/', FRANK);
        await one.getByRole('button', { name: /sign out/i }).click();
        await one.waitForURL((url) => url.pathname !== START);
        assert.deepEqual(identityIn(await headersAtNodeRed(other)), identityOf(FRANK));
      })));

  test('a link to sign-out does not sign out: only a form does', () =>
    visit(stage, async (page) => {
      await open(page, START, FRANK);
      const action = await page.getByRole('button', { name: /sign out/i }).evaluate((button) => button.form.action);
      await page.goto(action);
      await page.goto('/ingress/whoami/');
      assert.equal(new URL(page.url()).pathname, '/ingress/whoami/');
    }));
}
