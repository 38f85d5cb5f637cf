// Pictures of our own pages for docs/screenshots: `npm run screenshots [FOLDER] [NAME...]`. They are for people to look at.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBrowser } from './support/browser.mjs';
import { homeAddons } from './support/home.mjs';
import { DESK, PAGES, PHONE, setting } from './support/pages.mjs';
import { freePort } from './support/processes.mjs';
import { ALICE } from './support/people.mjs';
import { faster, startVestibule } from './support/vestibule.mjs';
import { open, START, visit } from './support/visitor.mjs';

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
        await visit(name === 'overview' ? await busy() : stage, async (page) => {
          await reach(page);
          await page.screenshot({ path: join(into, `${name}-${device}-${scheme}.png`) });
        }, { ignoreHTTPSErrors: true, ...setting(language, scheme, viewport) });
      }
    }
  }
} finally {
  await stage.browser?.close();
  await stage.vestibule?.stop();
  await stage.busy?.stop();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A home in which an hour has gone by, with people in it: in a minute, since its clocks go faster. */
async function busy() {
  if (!stage.busy) {
    stage.busy = await startVestibule(join(folder, 'busy'), homeAddons(await freePort()), { env: faster(60) });
    await visit({ ...stage, vestibule: stage.busy }, async (page) => {
      await open(page, START, ALICE);
      await page.evaluate(async () => {
        const end = performance.now() + 62_000;
        for (let round = 0; performance.now() < end; round += 1) {
          // More in some minutes than in others, and now and then what is not there or does not answer.
          const paths = ['films', 'books', 'grafana', 'calendar'].map((slug) => `/ingress/${slug}/`);
          if (round % 5 === 0) paths.push('/ingress/unknown/');
          if (round % 17 === 0) paths.push('/ingress/printer/');
          for (let times = 0; times < 1 + Math.round(2 + 2 * Math.sin(round / 9)); times += 1) {
            await Promise.all(paths.map((path) => fetch(path)));
          }
          await new Promise((done) => { setTimeout(done, 250); });
        }
      });
    }, { ignoreHTTPSErrors: true });
  }
  return { ...stage, vestibule: stage.busy };
}
