// Home Assistant itself behind vestibule: people open every page of a real front end while things change, and what came to
// each browser, byte for byte, is searched for every entity that Home Assistant's own engine does not let them read. An
// administrator gets what Home Assistant sent.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startBrowser } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { MORE, sections } from './front/configuration.mjs';
import { leaks, parsed, secretsOf, typesOf } from './front/secrets.mjs';
import { happen, stroll } from './front/stroll.mjs';
import { ALICE, CAROL, FRANK, startHomeAssistant } from './support/home-assistant.mjs';
import { isFile, record, startRecorder } from './support/recorder.mjs';
import { startVestibule } from './support/vestibule.mjs';

const GRACE = { name: 'grace', password: 'grace-pass-1' };
const HEIDI = { name: 'heidi', password: 'heidi-pass-1' };
const FOLDER = join(process.env.FOLDER, 'front');
const SECONDS = Number(process.env.SECONDS ?? 60);
const stage = {};

describe('Home Assistant behind vestibule', { timeout: 3_600_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER, { more: MORE });
    stage.recorder = await startRecorder(Number(new URL(stage.there.url).port));
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there, stage.recorder));
    stage.admin = await stage.there.socket(await stage.there.token(ALICE));
  });

  after(async () => {
    await stage.vestibule?.stop();
    stage.recorder?.stop();
    stage.there?.stop();
  });

  test('an administrator gets what Home Assistant sends', person(ALICE, async (page, seen) => {
    const tokens = new Set(seen.sockets.map(({ asked }) => JSON.parse(asked[0]).access_token));
    const sent = () => [...tokens].flatMap((token) => stage.recorder.sockets(token));
    // Of pages that were left, the last messages may have come too late for their browser.
    const isWhole = ({ texts }) => sent().some((of) => texts.length > 1 && texts.slice(1).every((text, place) => of[place + 1] === text));
    await until('every WebSocket brought what Home Assistant sent', () => seen.sockets.every(isWhole));
    const last = seen.sockets.at(-1).texts.length;
    await until('all of the last one', () => sent().some((of) => of.length >= last));
    console.log(`alice: ${seen.sockets.map(({ texts }) => texts.length).join(' + ')} messages, the same on both sides`);
  }));

  for (const who of [GRACE, FRANK, CAROL, HEIDI]) {
    test(`${who.name} gets nothing of what they may not read`, person(who, async (page, seen) => {
      const secrets = await secretsOf(stage, who);
      const found = leaks(secrets, seen);
      writeFileSync(join(FOLDER, `${who.name}.json`), JSON.stringify(seen.sockets));
      assert.deepEqual(found, [], `leaked to ${who.name}`);
      const refused = refusedTypes(seen);
      console.log(`${who.name}: ${seen.bytes} bytes searched for ${secrets.length} ids, names and pictures; refused: ${refused.join(', ') || 'nothing'}`);
    }));
  }
});

/** A test of this person at every page, while things change. */
function person(who, tell) {
  return async () => {
    const browser = await startBrowser(join(FOLDER, `browser-of-${who.name}`), stage.vestibule.authority);
    const profile = await browser.newContext({ baseURL: stage.vestibule.origin });
    profile.setDefaultTimeout(120_000);
    const page = await profile.newPage();
    const errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
    const seen = record(page);
    try {
      await page.goto('/');
      await page.locator('input[name="username"]').fill(who.name);
      await page.locator('input[name="password"]').fill(who.password);
      await page.locator('input[name="password"]').press('Enter');
      await page.waitForURL((at) => !at.pathname.startsWith('/auth/'));
      const end = Date.now() + SECONDS * 1000;
      const changing = { on: true };
      const changes = happen(stage, changing);
      try {
        await stroll(page, seen, end);
      } finally {
        changing.on = false;
      }
      await changes;
      await Promise.all(seen.answers.map(({ read }) => read));
      const failed = seen.answers.filter((answer) => !isFile(answer) && answer.status >= 400);
      if (failed.length > 0) console.log(`${who.name}, refused over REST: ${[...new Set(failed.map(({ status, method, path }) => `${status} ${method} ${path.slice(0, 80)}`))].join(', ')}`);
      await tell(page, seen);
      // They are Home Assistant's own, and come of its pages being left before they are there.
      if (errors.length > 0) console.log(`${who.name}, errors of pages: ${[...new Set(errors)].join(', ')}`);
    } catch (error) {
      console.error(`at ${page.url()}: ${(await page.locator('body').innerText().catch(() => '')).slice(0, 500)}`);
      console.error(stage.vestibule.warnings());
      throw error;
    } finally {
      await browser.close();
    }
  };
}

/** The types of messages that were refused. */
function refusedTypes({ sockets }) {
  const refused = sockets.flatMap(({ asked, texts }) => {
    const types = typesOf(asked);
    return texts.flatMap(parsed).filter(({ error }) => error?.code === 'unauthorized').map(({ id }) => types.get(id));
  });
  return [...new Set(refused)].sort();
}
