// Our own pages in both languages and both colour schemes: axe-core finds nothing, nothing is loaded from elsewhere, the
// browser complains of nothing, a phone needs no scrolling sideways. And what they do without a script, and with keys alone.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { HtmlValidate } from 'html-validate';
import { homeAddons } from '../support/home.mjs';
import { DESK, PAGES, PHONE, setting } from '../support/pages.mjs';
import { ALICE, FRANK } from '../support/people.mjs';
import { freePort } from '../support/processes.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { open, SIGN_IN, START, visit } from '../support/visitor.mjs';

// Matters of taste; and two that are meant so: the launcher is searched by typing alone, and who waits for an add-on without
// JavaScript has the page loaded again.
const LOOSER = {
  'doctype-style': 'off',
  'long-title': 'off',
  'no-trailing-whitespace': 'off',
  'void-style': 'off',
  'wcag/h32': 'off',
  'meta-refresh': 'off',
};
const AXE = readFileSync(new URL('../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const HTML = new HtmlValidate({ extends: ['html-validate:recommended'], rules: LOOSER });
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export function pages(stage) {
  const here = {};
  before(async () => {
    here.browser = stage.browser;
    here.vestibule = await startVestibule(join(stage.folder, 'pages'), homeAddons(await freePort()));
  });
  after(() => here.vestibule?.stop());
  // The browser trusts the authority of another vestibule.
  const come = (story, options) => visit(here, story, { ignoreHTTPSErrors: true, ...options });

  for (const [name, reach] of Object.entries(PAGES)) {
    for (const [language, scheme, viewport] of [['en', 'light', DESK], ['de', 'dark', PHONE]]) {
      test(`${name} in ${language}, ${scheme}, ${viewport.width} wide`, () =>
        come(async (page, seen) => {
          const documents = [];
          page.on('response', (answer) => { if (answer.request().resourceType() === 'document') documents.push(answer.text().catch(() => '')); });
          await reach(page);
          assert.deepEqual(await mistakes((await Promise.all(documents)).at(-1)), []);
          assert.equal(await page.evaluate(() => document.documentElement.lang), language);
          assert.deepEqual(await complaints(page), []);
          assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'no scrolling sideways');
          assert.deepEqual(seen.requests.filter((url) => !url.startsWith(`${here.vestibule.origin}/`)), [], 'nothing from elsewhere');
          assert.deepEqual(seen.complaints.filter((line) => !/status of (401|403|404|502)/.test(line)), []);
        }, setting(language, scheme, viewport)));
    }
  }

  test('without JavaScript people sign in, see their add-ons and their sessions, and sign out', () =>
    come(async (page) => {
      await open(page, START, FRANK);
      assert.ok(await page.getByRole('link', { name: 'Zigbee2MQTT' }).isVisible());
      assert.ok(await page.getByRole('search').isHidden(), 'what needs a script is not offered');
      await page.getByRole('link', { name: 'My account' }).click();
      await page.getByText('this device').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out.').waitFor();
    }, { javaScriptEnabled: false }));

  test('the launcher is searched and opened with keys alone', () =>
    come(async (page) => {
      await open(page, START, FRANK);
      await page.keyboard.press('/');
      await page.keyboard.type('graf');
      assert.deepEqual(await page.locator('.tile:visible .name').allInnerTexts(), ['Grafana']);
      await page.keyboard.press('ArrowDown');
      assert.equal(await page.evaluate(() => document.activeElement.querySelector('.name')?.textContent), 'Grafana');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Escape');
      assert.equal(await page.locator('.tile:visible').count(), 13);
      await page.keyboard.type('grafana');
      await page.keyboard.press('Enter');
      await page.waitForURL('/ingress/grafana/');
    }));

  test('what is opened often comes first, in this browser alone', () =>
    come(async (page) => {
      await open(page, START, FRANK);
      for (let times = 0; times < 2; times += 1) {
        await page.getByRole('link', { name: 'Films' }).click();
        await page.waitForURL('/ingress/films/');
        await page.goto(START);
      }
      assert.equal(await page.locator('h2').first().innerText(), 'Favourites');
      assert.equal(await page.locator('.tile .name').first().innerText(), 'Films');
      assert.equal(await page.locator('.tile').count(), 13, 'none twice');
    }));

  test('a password is shown and hidden, and the language is switched where one is', () =>
    come(async (page) => {
      await page.goto(`${SIGN_IN}?return_to=/ingress/films/`);
      const field = page.locator('#password');
      await field.fill('secret');
      await page.getByRole('button', { name: 'Show' }).click();
      assert.equal(await field.getAttribute('type'), 'text');
      await page.getByRole('button', { name: 'Show' }).click();
      assert.equal(await field.getAttribute('type'), 'password');
      await page.getByRole('link', { name: 'Deutsch' }).click();
      await page.getByRole('heading', { name: 'Anmelden' }).waitFor();
      assert.equal(await page.locator('input[name=return_to]').getAttribute('value'), '/ingress/films/');
    }));

  test('whoami shows that headers which claim to be somebody else do not arrive', () =>
    come(async (page) => {
      await open(page, '/ingress/whoami/', FRANK);
      await page.getByLabel('Headers, one a line').fill('X-Remote-User-Name: owner\nRemote-User: owner\nX-Colour: red');
      await page.getByRole('button', { name: 'Send' }).click();
      const lines = page.locator('#outcome li');
      await lines.nth(2).waitFor();
      assert.deepEqual(await lines.allInnerTexts(), [
        "x-remote-user-name: vestibule's own arrived in its place: frank",
        'remote-user: did not arrive',
        'x-colour: arrived as you sent it',
      ]);
      await page.getByLabel('Headers, one a line').fill('no header: x');
      await page.getByRole('button', { name: 'Send' }).click();
      await page.getByText('one of these is no header').waitFor();
    }));

  test('administrators end a session and ask why without JavaScript', () =>
    come(async (page) => {
      await open(page, START, ALICE);
      await page.goto('/.vestibule/operator/sessions?search=alice');
      const rows = page.locator('.list li');
      const before = await rows.count();
      await rows.nth(before > 1 ? 1 : 0).getByRole('button').click();
      await page.getByText(before > 1 ? 'The session has ended.' : 'Sign in').first().waitFor();
      if (before === 1) return;
      await page.getByRole('link', { name: 'Why?' }).click();
      await page.getByLabel('User').first().fill('frank');
      await page.getByLabel('Path, or address with its host').fill('/ingress/admin/');
      await page.getByRole('button', { name: 'Ask' }).first().click();
      await page.getByText('frank may not').waitFor();
    }, { javaScriptEnabled: false }));

  test('another session is ended on the page of the account', () =>
    come((one) =>
      come(async (other) => {
        await open(one, START, FRANK);
        await open(other, START, FRANK);
        await one.goto('/.vestibule/account');
        await one.getByRole('button', { name: 'End all others' }).click();
        await one.getByText('All other sessions have ended.').waitFor();
        await other.goto(START);
        await other.getByText('Your session was ended from another of your devices').waitFor();
      })));
}

/** What html-validate finds in the source of a page, in a line each. */
async function mistakes(source) {
  assert.ok(source.startsWith('<!doctype html>'), 'the source of a page');
  const { results } = await HTML.validateString(source);
  return results.flatMap(({ messages }) => messages.map(({ ruleId, message, line }) => `${ruleId}: ${message}: ${source.split('\n')[line - 1]}`));
}

/** What axe-core finds on a page, in a line each. */
async function complaints(page) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: 'tag', values } }), RULES);
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`);
}
