// Pictures of our own pages for docs/screenshots: `npm run screenshots [FOLDER] [NAME...]`. They are for people to look at.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBrowser } from './support/browser.mjs';
import { homeAddons } from './support/home.mjs';
import { DESK, PAGES, PHONE, setting } from './support/pages.mjs';
import { freePort } from './support/processes.mjs';
import { startVestibule } from './support/vestibule.mjs';
import { visit } from './support/visitor.mjs';

const [into = resolve(import.meta.dirname, '../../docs/screenshots'), ...names] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'vestibule-pictures-'));
mkdirSync(into, { recursive: true });
const stage = {};
try {
  stage.vestibule = await startVestibule(join(folder, 'vestibule'), homeAddons(await freePort()));
  stage.browser = await startBrowser(join(folder, 'browser'), stage.vestibule.authority);
  for (const [name, reach] of Object.entries(PAGES).filter(([name]) => names.length === 0 || names.includes(name))) {
    for (const [device, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
      for (const scheme of ['light', 'dark']) {
        // A phone in the light is German, so that both languages are seen.
        const language = device === 'phone' && scheme === 'light' ? 'de-DE' : 'en-GB';
        await visit(stage, async (page) => {
          await reach(page);
          await page.screenshot({ path: join(into, `${name}-${device}-${scheme}.png`) });
        }, setting(language, scheme, viewport));
      }
    }
  }
} finally {
  await stage.browser?.close();
  await stage.vestibule?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
