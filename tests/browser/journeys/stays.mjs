// "Stay signed in on this device": profiles that are kept when the browser closes, and a clock that goes on for weeks.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startWithProfile } from '../support/browser.mjs';
import { FRANK } from '../support/people.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { fillIn, place, SIGN_IN } from '../support/visitor.mjs';

const PAGE = '/ingress/whoami/';
const DAY = 86_400;

export function stays(stage) {
  let vestibule;
  before(async () => { vestibule = await startVestibule(join(stage.folder, 'stays'), ''); });
  after(() => vestibule?.stop());

  // The whole browser is closed after each story: what it remembers then is in its profile.
  async function withProfile(name, story) {
    const home = join(stage.folder, 'browser');
    // The authority of this vestibule is not in Chromium's store: what is trusted is another journey's matter.
    const context = await startWithProfile(home, join(stage.folder, name), { baseURL: vestibule.origin, ignoreHTTPSErrors: true });
    try {
      await story(await context.newPage(), context);
    } finally {
      await context.close();
    }
  }

  async function signIn(page, ticked) {
    await page.goto(PAGE);
    assert.equal(new URL(page.url()).pathname, SIGN_IN);
    if (ticked) await page.getByLabel('Stay signed in on this device').check();
    await fillIn(page, FRANK);
    await page.waitForURL(PAGE);
  }

  async function isSignedIn(page) {
    await page.goto(PAGE);
    return place(page) === PAGE && (await page.locator('body').innerText()).includes(FRANK.id);
  }

  test('the box keeps a person signed in when the browser closes, and nothing else does', async () => {
    for (const name of ['often', 'seldom']) await withProfile(name, (page) => signIn(page, true));
    await withProfile('never', (page) => signIn(page, false));
    await withProfile('never', async (page) => assert.equal(await isSignedIn(page), false));
    await withProfile('often', async (page, context) => {
      assert.equal(await isSignedIn(page), true);
      const [cookie] = (await context.cookies()).filter(({ name }) => name.startsWith('__Host-ingress_session'));
      assert.ok(cookie.httpOnly && cookie.secure && cookie.sameSite === 'Lax');
      assert.ok(cookie.expires > Date.now() / 1000 + 179 * DAY, 'the browser would keep it for as long as we do');
    });
  });

  test('after 29 days the profile is signed in, with a new secret in its cookie', async () => {
    await vestibule.goOn(29);
    const session = async (context) => (await context.cookies()).find(({ name }) => name.startsWith('__Host-ingress_session')).value;
    await withProfile('often', async (page, context) => {
      const before = await session(context);
      assert.equal(await isSignedIn(page), true);
      const renewed = await session(context);
      assert.notEqual(renewed, before);
      assert.equal(renewed.split('.')[0], before.split('.')[0]);
    });
  });

  test('after 31 days the one that nobody opened is not, and the one that was opened is', async () => {
    await vestibule.goOn(31);
    await withProfile('seldom', async (page) => assert.equal(await isSignedIn(page), false));
    await withProfile('often', async (page) => assert.equal(await isSignedIn(page), true));
    assert.ok(!vestibule.output().includes('token_reused'));
  });
}
