// Large files, up and down through the browser, to an add-on that keeps its prefix.

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ALICE } from '../support/people.mjs';
import { open, visit } from '../support/visitor.mjs';

const PREFIX = '/ingress/files/';
const MEBIBYTES = 300;

export function files(stage) {
  test('its page renders behind its prefix as the signed-in user, and asks for nothing outside it', () =>
    visit(stage, async (page, seen) => {
      await open(page, PREFIX, ALICE);
      await page.locator('#files').waitFor();
      await page.getByText(ALICE.name).first().waitFor();
      const outside = seen.requests.filter((url) => !new URL(url).pathname.startsWith(PREFIX) && !url.includes('/.vestibule/'));
      assert.deepEqual(outside.filter((url) => !/^(data|blob):/.test(url) && !url.endsWith('/ingress/files')), []);
      assert.deepEqual(seen.failures, []);
    }));

  test(`a file of ${MEBIBYTES} MiB goes up and comes down, and all its bytes with it`, { timeout: 240_000 }, () =>
    visit(stage, async (page) => {
      page.setDefaultTimeout(200_000);
      const path = join(stage.folder, 'large.bin');
      const sent = writeRandom(path);
      await open(page, PREFIX, ALICE);
      await page.evaluate(() => { document.body.insertAdjacentHTML('beforeend', '<input type="file" id="large">'); });
      await page.locator('#large').setInputFiles(path);
      const status = await page.evaluate(async () => {
        const body = document.querySelector('#large').files[0];
        return (await fetch('large.bin', { method: 'PUT', body })).status;
      });
      assert.equal(status, 201);
      assert.equal(await digest(join(stage.folder, 'copyparty', 'files', 'large.bin')), sent, 'as the add-on has it');
      const downloading = page.waitForEvent('download');
      await page.evaluate(() => { Object.assign(document.createElement('a'), { href: 'large.bin?dl', download: 'large.bin' }).click(); });
      const download = await downloading;
      assert.equal(await download.failure(), null);
      assert.equal(await digest(await download.path()), sent, 'as the person has it');
    }));
}

// Writes the file and gives its digest.
function writeRandom(path) {
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let i = 0; i < MEBIBYTES; i += 1) {
    const piece = randomBytes(1024 * 1024);
    hash.update(piece);
    writeSync(file, piece);
  }
  closeSync(file);
  return hash.digest('hex');
}

async function digest(path) {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest('hex');
}
