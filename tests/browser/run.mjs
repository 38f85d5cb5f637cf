// The end-to-end run: one vestibule, one Node-RED, one Chromium, and the journeys of people through them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';
import { startBrowser } from './support/browser.mjs';
import { startNodeRed } from './support/nodered.mjs';
import { freePort } from './support/processes.mjs';
import { startVestibule } from './support/vestibule.mjs';
import { access } from './journeys/access.mjs';
import { identity } from './journeys/identity.mjs';
import { looks } from './journeys/looks.mjs';
import { nodeRed } from './journeys/nodered.mjs';
import { signIn } from './journeys/sign-in.mjs';
import { signOut } from './journeys/sign-out.mjs';

const stage = {};
let failed = false;
const folder = mkdtempSync(join(tmpdir(), 'vestibule-browser-'));

describe('vestibule in a browser', { timeout: 300_000 }, () => {
  before(async () => {
    const port = await freePort();
    stage.nodeRed = await startNodeRed(join(folder, 'node-red'), port);
    stage.vestibule = await startVestibule(join(folder, 'vestibule'), port);
    stage.browser = await startBrowser(join(folder, 'browser'), stage.vestibule.authority);
  });

  afterEach((test) => { failed ||= test.passed === false; });

  after(async () => {
    if (failed && stage.vestibule) console.error(`what vestibule warned of, and its last words:\n${lastWords(stage.vestibule.output())}`);
    await stage.browser?.close();
    await stage.vestibule?.stop();
    await stage.nodeRed?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  describe('signing in', () => signIn(stage));
  describe('who asks', () => identity(stage));
  describe('Node-RED', () => nodeRed(stage));
  describe('access', () => access(stage));
  describe('signing out', () => signOut(stage));
  describe('looks', () => looks(stage));
});

function lastWords(log) {
  const lines = log.trim().split('\n');
  const warnings = lines.slice(0, -20).filter((line) => / (WARN|ERROR) /.test(line));
  return [...warnings.slice(-20), ...lines.slice(-20)].map((line) => line.slice(0, 240)).join('\n');
}
