// One sign-in on the main host is enough for an add-on on a host of its own.

import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { FRANK } from '../support/people.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { fillIn, SIGN_IN, START, visit } from '../support/visitor.mjs';

const HOST = 'whoami.localhost';

const addon = `
[[addon]]
slug = "hosted"
title = "On a host of its own"
upstream = "builtin:whoami"
host = "${HOST}"
`;

export function hosts(stage) {
  const here = {};
  before(async () => {
    // The authority that the browser trusts already signs for this one as well.
    const furnish = (folder) => {
      const certs = dirname(stage.vestibule.authority);
      const ofAuthority = (path) => path === certs || basename(path).startsWith('vestibule-dev-ca.');
      cpSync(certs, join(folder, 'certs'), { recursive: true, filter: ofAuthority });
    };
    const listen = (port) => `public_urls = ["https://localhost:${port}"]`;
    here.vestibule = await startVestibule(join(stage.folder, 'hosts'), addon, { furnish, listen });
    here.browser = stage.browser;
    here.own = `https://${HOST}:${here.vestibule.port}`;
  });
  after(() => here.vestibule?.stop());

  test('the form is on the main host alone, and leads to where one wanted to go on the other', () =>
    visit(here, async (page, seen, profile) => {
      await page.goto(`${here.own}/deep?x=1`);
      assert.equal(new URL(page.url()).origin, here.vestibule.origin);
      assert.equal(new URL(page.url()).pathname, SIGN_IN);
      await fillIn(page, FRANK);
      await page.waitForURL(`${here.own}/deep?x=1`, { waitUntil: 'commit' });
      await page.getByText(FRANK.id).first().waitFor();
      // A policy that stops the way behind the form would say so here.
      assert.deepEqual(seen.complaints, []);
      const sessions = (await profile.cookies()).filter((cookie) => cookie.name === '__Host-ingress_session');
      assert.deepEqual(sessions.map((cookie) => cookie.domain).sort(), ['localhost', HOST]);
      assert.notEqual(sessions[0].value, sessions[1].value);
    }));

  test('whoever is signed in on the main host passes without a form, and signing out there is being out here', () =>
    visit(here, async (page, seen) => {
      await page.goto(START);
      await fillIn(page, FRANK);
      await page.waitForURL(START);
      await page.getByRole('link', { name: 'On a host of its own' }).click();
      await page.waitForURL(`${here.own}/`, { waitUntil: 'commit' });
      await page.getByText(FRANK.id).first().waitFor();
      await page.goto(`${here.own}${START}`);
      await page.getByRole('button', { name: /sign out/i }).click();
      await page.waitForURL((url) => url.origin === here.vestibule.origin && url.pathname === SIGN_IN);
      await page.goto(START);
      assert.equal(new URL(page.url()).pathname, SIGN_IN, 'and out on the main host');
      assert.deepEqual(seen.complaints, []);
    }));
}
