// Our own pages alone, without the add-ons of the end-to-end run: `npm run test:pages`.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { startBrowser } from './support/browser.mjs';
import { freePort } from './support/processes.mjs';
import { homeAddons } from './support/home.mjs';
import { startVestibule } from './support/vestibule.mjs';
import { pages } from './journeys/pages.mjs';
import { windows } from './journeys/windows.mjs';

const stage = {};
const folder = mkdtempSync(join(tmpdir(), 'vestibule-pages-'));

describe('our own pages', { timeout: 900_000 }, () => {
  before(async () => {
    stage.folder = folder;
    stage.vestibule = await startVestibule(join(folder, 'vestibule'), homeAddons(await freePort()));
    stage.browser = await startBrowser(join(folder, 'browser'), stage.vestibule.authority);
  });
  after(async () => {
    await stage.browser?.close();
    await stage.vestibule?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  describe('in every language and look', () => pages(stage));
  describe('in windows that add-ons open', () => windows(stage));
});
