// An add-on under a prefix is of our pages' origin. What its scripts get of our pages, whatever its own headers say.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ALICE } from '../support/people.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { open, visit } from '../support/visitor.mjs';

const OPERATORS = ['overview', 'sessions', 'refusals', 'refusals.json', 'sessions.json'].map((name) => `/.vestibule/operator/${name}`);
const OPENED = ['/.vestibule/account', ...OPERATORS, '/.vestibule/sign-in', '/.vestibule/step-up'];
const ASKED = ['/.vestibule/account', ...OPERATORS];

export function windows(stage) {
  const here = {};
  before(async () => {
    here.addon = createServer((request, response) => {
      const policy = new URL(request.url, 'http://a').searchParams.get('policy');
      response.writeHead(200, { 'content-type': 'text/html', ...(policy && { 'cross-origin-opener-policy': policy }) });
      response.end('<!doctype html><html lang="en"><title>Add-on</title><p>An add-on');
    });
    await new Promise((done) => { here.addon.listen(0, '127.0.0.1', done); });
    here.browser = stage.browser;
    here.vestibule = await startVestibule(join(stage.folder, 'windows'), addon(here.addon.address().port));
  });
  after(async () => {
    await here.vestibule?.stop();
    here.addon?.close();
  });

  for (const policy of ['', 'same-origin', 'same-origin-allow-popups', 'unsafe-none', 'noopener-allow-popups']) {
    test(`a page with the opener policy "${policy}" reads no window of ours`, () =>
      visit(here, async (page) => {
        await open(page, `/ingress/curious/?policy=${policy}`, ALICE);
        for (const path of OPENED) {
          const [opened, seen] = await Promise.all([page.waitForEvent('popup'), page.evaluate(openAndRead, path)]);
          await opened.waitForLoadState();
          // Whatever it has now is what it had when the page was there.
          const later = await page.evaluate(() => globalThis.seen());
          await opened.close();
          assert.deepEqual([seen, later], ['', ''], path);
        }
      }, { ignoreHTTPSErrors: true }));
  }

  test('a script or a frame is not given the pages of the account and of operators', () =>
    visit(here, async (page) => {
      await open(page, '/ingress/curious/', ALICE);
      for (const path of ASKED) assert.equal(await page.evaluate(async (path) => (await fetch(path)).status, path), 404, path);
      for (const path of [...ASKED, '/.vestibule/', '/.vestibule/sign-in']) assert.equal(await page.evaluate(frame, path), '', path);
    }, { ignoreHTTPSErrors: true }));
}

const addon = (port) => `
[[addon]]
slug = "curious"
title = "Curious"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/curious"
`;

// --- in the page

async function openAndRead(path) {
  const opened = window.open(path, '_blank');
  globalThis.seen = () => {
    try {
      return opened.location.href === 'about:blank' ? '' : opened.document.documentElement.innerHTML.slice(0, 80);
    } catch {
      return '';
    }
  };
  for (let frames = 0; frames < 30 && !opened.closed && globalThis.seen() === ''; frames += 1) {
    await new Promise((done) => { setTimeout(done, 50); });
  }
  return globalThis.seen();
}

async function frame(path) {
  const framed = document.createElement('iframe');
  framed.src = path;
  const loaded = new Promise((done) => { framed.onload = done; });
  document.body.append(framed);
  await loaded;
  try {
    return framed.contentDocument.body.innerHTML;
  } catch {
    return '';
  }
}
