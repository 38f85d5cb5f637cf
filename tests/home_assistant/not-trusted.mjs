// A Home Assistant that does not trust vestibule answers 400 to everything with X-Forwarded-For. The operator is told what to
// change there, and can have none sent: then vestibule judges itself who comes from outside.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBrowser } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { ALICE, DAVE, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule, WHOAMI } from './support/vestibule.mjs';
import { comeFromOutside, session, signInThere, story } from './support/visitor.mjs';

const FOLDER = join(process.env.FOLDER, 'not-trusted');
const stage = {};

describe('a Home Assistant that does not trust vestibule', { timeout: 300_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER, { trusts: false });
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there), {
      listen: 'trusted_proxies = ["127.0.0.1/32"]',
    });
    stage.browser = await startBrowser(join(FOLDER, 'browser'), stage.vestibule.authority);
  });

  after(async () => {
    await stage.browser?.close();
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('nobody can sign in there, and the operator is told what to change', story(stage, async (page) => {
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await page.getByText('Home Assistant does not answer as it should').waitFor();
    assert.equal(new URL(page.url()).origin, stage.vestibule.origin, 'a page that helps, and no loop');
    const told = stage.vestibule.output().split('\n').find((line) => line.includes('answers 400 to everything'));
    console.log(told);
    for (const words of ['trusted proxies', 'use_x_forwarded_for', 'forward_address = false']) assert.ok(told.includes(words), words);
    const check = spawnSync(stage.vestibule.program, ['--config', stage.vestibule.file, 'check'], { encoding: 'utf8' });
    console.log(check.stderr);
    assert.match(check.stderr, /it answers 400 to X-Forwarded-For/);
  }));

  test('without X-Forwarded-For alice can, and dave from outside is refused by vestibule itself', story(stage, async (page, profile) => {
    stage.vestibule.reconfigure(sections(stage.there, 'forward_address = false'));
    await page.goto('/ingress/whoami/');
    await page.locator('#home-assistant').click();
    await signInThere(page, stage.there, ALICE);
    await page.waitForURL('**/ingress/whoami/');
    assert.equal((await session(page)).said.user.id, ALICE.id);
    const ready = async () => (await fetch(`http://127.0.0.1:${stage.vestibule.operations}/readyz`)).json();
    await until('its API is good', async () => (await ready()).home_assistant === 'good');

    await profile.clearCookies();
    await page.goto('/.vestibule/sign-in');
    await page.locator('#home-assistant').click();
    await page.waitForURL((at) => at.origin === stage.there.url);
    await comeFromOutside(page, stage.vestibule);
    await signInThere(page, stage.there, DAVE);
    await page.waitForURL('**/callback?**');
    console.log(`dave from outside: ${await page.locator('[role=alert]').innerText()}`);
    assert.equal((await page.context().cookies()).filter(({ name }) => name === '__Host-ingress_session').length, 0);
    await until('the refusal in the audit log', () => /outcome=not_local.*client=203\.0\.113\.7/.test(stage.vestibule.output()));
  }));
});

const sections = ({ home, url }, more = '') => `
[home_assistant]
config_dir = "${home}"
url = "${url}"
${more}

[sign_in]
methods = ["home-assistant"]
${WHOAMI}`;
