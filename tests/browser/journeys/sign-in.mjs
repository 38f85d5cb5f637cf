// Signing in: from a deep link and back to it, with the keyboard alone, with a wrong password.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, FRANK, ZOE } from '../support/people.mjs';
import { fillIn, open, place, SIGN_IN, START, visit } from '../support/visitor.mjs';
import { ask } from '../support/vestibule.mjs';

export function signIn(stage) {
  for (const person of [FRANK, ZOE, ALICE]) {
    test(`${person.name} opens a deep link, signs in, and comes out at the deep link`, () =>
      visit(stage, async (page) => {
        const deep = '/ingress/whoami/flows/7%2F8?tab=a%20b&tab=c';
        await open(page, deep, person);
        assert.equal(place(page), deep);
      }));
  }

  test('the session is in a cookie that no script reads and no other host gets', () =>
    visit(stage, async (page, _seen, profile) => {
      await open(page, '/ingress/whoami/', FRANK);
      const ours = (await profile.cookies()).filter((cookie) => cookie.name === '__Host-ingress_session');
      assert.equal(ours.length, 1);
      const { domain, path, httpOnly, secure, sameSite } = ours[0];
      assert.deepEqual({ domain, path, httpOnly, secure, sameSite }, { domain: 'localhost', path: '/', httpOnly: true, secure: true, sameSite: 'Lax' });
      assert.ok(!(await page.evaluate(() => document.cookie)).includes('ingress_session'));
    }));

  test('a wrong password says so, keeps the user name and the deep link, and makes no session', () =>
    visit(stage, async (page, _seen, profile) => {
      await page.goto('/ingress/whoami/here?x=1');
      await fillIn(page, FRANK, 'not-the-password');
      const alert = page.getByRole('alert');
      await alert.waitFor();
      assert.notEqual((await alert.innerText()).trim(), '');
      assert.equal(new URL(page.url()).pathname, SIGN_IN);
      assert.ok(!(await profile.cookies()).some((cookie) => cookie.name.includes('ingress_session')));
      assert.equal(await page.locator('input[name=username]').inputValue(), FRANK.name);
      assert.equal(await page.locator('input[name=password]').inputValue(), '');
      await fillIn(page, FRANK);
      await page.waitForURL('/ingress/whoami/here?x=1');
    }));

  test('the keyboard is enough: Tab, type, Tab, type, Enter; each field has a label and the focus is seen', () =>
    visit(stage, async (page) => {
      await page.goto('/ingress/whoami/');
      await reach(page, 'username');
      await page.keyboard.type(ZOE.name);
      await page.keyboard.press('Tab');
      assert.equal(await focused(page), 'password', 'the password follows the user name');
      await page.keyboard.type(ZOE.password);
      for (const name of ['username', 'password']) assert.notEqual(await labelOf(page, name), '', `${name} has a label`);
      assert.ok(await focusIsSeen(page), 'the field in focus looks different');
      await page.keyboard.press('Enter');
      await page.waitForURL('/ingress/whoami/');
    }));

  test('our own pages break no rule of their own: no exception, no refused style or script, a language and a title', () =>
    visit(stage, async (page, seen) => {
      await page.goto(SIGN_IN);
      await inOrder(page);
      await fillIn(page, FRANK);
      await page.waitForURL((url) => url.pathname !== SIGN_IN);
      await page.goto(START);
      await inOrder(page);
      assert.deepEqual(seen.complaints, []);
      assert.deepEqual(seen.failures, []);
      const origin = stage.vestibule.origin;
      assert.deepEqual(seen.requests.filter((url) => !url.startsWith(`${origin}/`) && !url.startsWith('data:')), []);
    }));

  test('an address of another site as the way back is not followed', () =>
    visit(stage, async (page) => {
      for (const evil of ['https://example.com/', '//example.com/', '/\\example.com/', '/%5Cexample.com']) {
        await page.context().clearCookies();
        await page.goto(`${SIGN_IN}?return_to=${encodeURIComponent(evil)}`);
        await fillIn(page, FRANK);
        await page.waitForURL((url) => url.pathname !== SIGN_IN);
        assert.equal(new URL(page.url()).origin, stage.vestibule.origin, evil);
      }
    }));

  test('a script without a session gets 401 and no page to sign in', async () => {
    const answer = await ask(stage.vestibule, '/ingress/whoami/', { accept: 'application/json' });
    assert.equal(answer.status, 401);
    assert.match(answer.headers['content-type'], /^application\/problem\+json/);
  });
}

async function inOrder(page) {
  assert.notEqual(await page.title(), '');
  assert.ok(await page.evaluate(() => document.documentElement.lang !== '' && document.querySelectorAll('h1').length === 1));
}

// The page may put the focus there by itself; else Tab gets there within a few steps.
async function reach(page, name) {
  for (let presses = 0; presses < 6; presses += 1) {
    if ((await focused(page)) === name) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`Tab does not reach ${name}`);
}

function focused(page) {
  return page.evaluate(() => document.activeElement?.getAttribute('name') ?? '');
}

function labelOf(page, name) {
  return page.evaluate((field) => document.querySelector(`input[name=${field}]`).labels[0]?.innerText.trim() ?? '', name);
}

function focusIsSeen(page) {
  return page.evaluate(() => {
    const look = (field) => {
      const style = getComputedStyle(field);
      return [style.outlineStyle, style.outlineWidth, style.borderColor, style.boxShadow].join();
    };
    const [name, password] = ['username', 'password'].map((field) => document.querySelector(`input[name=${field}]`));
    return look(name) !== look(password);
  });
}
