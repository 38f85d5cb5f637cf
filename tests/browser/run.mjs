// The end-to-end run: one vestibule, real add-ons behind it, one Chromium, and the journeys of people through them.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe } from 'node:test';
import { startBrowser } from './support/browser.mjs';
import { copypartyAddon, startCopyparty } from './support/copyparty.mjs';
import { flowsAddon, nodeRedAddon, startNodeRed } from './support/nodered.mjs';
import { freePort } from './support/processes.mjs';
import { radicaleAddon, startRadicale } from './support/radicale.mjs';
import { startVestibule } from './support/vestibule.mjs';
import { access } from './journeys/access.mjs';
import { away, awayAddon } from './journeys/away.mjs';
import { calendars } from './journeys/calendars.mjs';
import { certificates } from './journeys/certificates.mjs';
import { clientCertificates } from './journeys/client-certificates.mjs';
import { entities } from './journeys/entities.mjs';
import { files } from './journeys/files.mjs';
import { hosts } from './journeys/hosts.mjs';
import { identity } from './journeys/identity.mjs';
import { looks } from './journeys/looks.mjs';
import { nodeRed, nodeRedOnItsHost } from './journeys/nodered.mjs';
import { pages } from './journeys/pages.mjs';
import { signIn } from './journeys/sign-in.mjs';
import { signOut } from './journeys/sign-out.mjs';
import { stays } from './journeys/stays.mjs';
import { windows } from './journeys/windows.mjs';

const stage = {};
let failed = false;
const folder = mkdtempSync(join(tmpdir(), 'vestibule-browser-'));

// Three minutes on an idle machine. The limit only ends a run that hangs.
describe('vestibule in a browser', { timeout: 1_800_000 }, () => {
  before(async () => {
    const [nodeRed, radicale, copyparty, away] = [await freePort(), await freePort(), await freePort(), await freePort()];
    stage.nodeRed = await startNodeRed(join(folder, 'node-red'), nodeRed);
    stage.radicale = await startRadicale(join(folder, 'radicale'), radicale);
    stage.copyparty = await startCopyparty(join(folder, 'copyparty'), copyparty);
    stage.folder = folder;
    stage.nodeRedPort = nodeRed;
    stage.away = away;
    const addons = [nodeRedAddon(nodeRed), flowsAddon(nodeRed), radicaleAddon(radicale), copypartyAddon(copyparty), awayAddon(away)];
    stage.vestibule = await startVestibule(join(folder, 'vestibule'), addons.join(''));
    stage.browser = await startBrowser(join(folder, 'browser'), stage.vestibule.authority);
  });

  afterEach((test) => { failed ||= test.passed === false; });

  after(async () => {
    if (failed && stage.vestibule) console.error(`what vestibule warned of, and its last words:\n${lastWords(stage.vestibule.output())}`);
    await stage.browser?.close();
    await stage.vestibule?.stop();
    await Promise.all([stage.nodeRed, stage.radicale, stage.copyparty].map((program) => program?.stop()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  describe('signing in', () => signIn(stage));
  describe('who asks', () => identity(stage));
  describe('Node-RED', () => nodeRed(stage));
  describe('Node-RED on a host of its own', () => nodeRedOnItsHost(stage));
  describe('protected paths of a flow', () => entities(stage));
  describe('one sign-in for two hosts', () => hosts(stage));
  describe('Radicale', () => calendars(stage));
  describe('copyparty', () => files(stage));
  describe('an add-on that is away', () => away(stage));
  describe('certificates by ACME', () => certificates(stage));
  describe('certificates of clients', () => clientCertificates(stage));
  describe('access', () => access(stage));
  describe('signing out', () => signOut(stage));
  describe('staying signed in', () => stays(stage));
  describe('looks', () => looks(stage));
  describe('windows of ours', () => windows(stage));
  describe('our own pages', () => pages(stage));
});

function lastWords(log) {
  const lines = log.trim().split('\n');
  const warnings = lines.slice(0, -20).filter((line) => / (WARN|ERROR) /.test(line));
  return [...warnings.slice(-20), ...lines.slice(-20)].map((line) => line.slice(0, 240)).join('\n');
}
