// Real add-on UIs behind vestibule, one after the other: installed, started, opened in Chromium, asked as two users of two
// roles, and a line for each.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { startBrowser, watch } from '../browser/support/browser.mjs';
import { until } from '../browser/support/conditions.mjs';
import { ALICE } from '../browser/support/people.mjs';
import { freePort } from '../browser/support/processes.mjs';
import { startVestibule } from '../browser/support/vestibule.mjs';
import { fillIn } from '../browser/support/visitor.mjs';
import { documented } from './documented.mjs';
import { judgeRoles } from './roles.mjs';

const HERE = import.meta.dirname;
const HOME = resolve(process.env.ADDONS_HOME ?? join(HERE, '..', '..', 'target', 'addons'));
const all = readdirSync(join(HERE, 'programs')).map((file) => file.replace(/\.mjs$/, '')).sort();
const wanted = process.argv.length > 2 ? process.argv.slice(2) : all;
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) throw new Error(`no program ${unknown.join(', ')}; there are ${all.join(', ')}`);

let failed = false;
for (const name of wanted) {
  const program = await import(join(HERE, 'programs', `${name}.mjs`));
  for (const { who, what, outcome, good } of await judge(name, program)) {
    failed ||= !good;
    console.log(`${`${name} ${program.version}`.padEnd(21)} ${who.padEnd(18)} ${what.padEnd(72)} ${outcome}`);
  }
}
process.exit(failed ? 1 : 0);

// Both ways of one program, under its prefix and on a host of its own; and its roles, where it has some.
async function judge(name, program) {
  const folder = mkdtempSync(join(tmpdir(), `vestibule-${name}-`));
  const outcomes = [];
  let running, vestibule, browser;
  try {
    const installed = join(HOME, name);
    if (!existsSync(installed)) {
      mkdirSync(installed, { recursive: true });
      console.log(`${name.padEnd(12)} installing into ${installed}`);
      program.install(installed);
    }
    for (const way of ['under a prefix', 'on a host of its own']) {
      // Programs that make addresses from the prefix need to be started anew to forget it.
      const place = join(folder, way.replaceAll(' ', '-'));
      mkdirSync(place);
      const port = await freePort();
      const host = way === 'under a prefix' ? undefined : `${program.slug}.localhost`;
      running = await program.start(installed, place, port, host !== undefined);
      vestibule = await startVestibule(join(place, 'vestibule'), documented(program.slug, port, host), { furnish: (here) => secrets(here, program) });
      browser = await startBrowser(join(place, 'browser'), vestibule.authority);
      const outcome = await works(`${name}-${host ? 'host' : 'prefix'}`, program, vestibule, browser, host);
      outcomes.push({ who: ALICE.name, what: `opens the page, ${way}`, outcome, good: outcome === 'works' });
      if (program.roles && !host) outcomes.push(...await judgeRoles(program, vestibule, browser));
      await browser.close();
      await vestibule.stop();
      await running.stop();
    }
  } catch (error) {
    outcomes.push({ who: '', what: 'as a whole', outcome: `broken: ${error.message.slice(0, 2000)}`, good: false });
  } finally {
    await browser?.close().catch(() => {});
    await vestibule?.stop();
    await running?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return outcomes;
}

function secrets(folder, program) {
  mkdirSync(join(folder, 'secrets'));
  for (const [name, value] of Object.entries(program.secrets ?? {})) {
    writeFileSync(join(folder, 'secrets', name), value);
    chmodSync(join(folder, 'secrets', name), 0o600);
  }
}

async function works(name, program, vestibule, browser, host) {
  const prefix = host ? '/' : `/ingress/${program.slug}/`;
  const origin = host ? `https://${host}:${vestibule.port}` : vestibule.origin;
  const profile = await browser.newContext({ baseURL: origin, viewport: { width: 1280, height: 900 } });
  profile.setDefaultTimeout(60_000);
  try {
    const first = await profile.newPage();
    await first.goto(`${origin}/.vestibule/sign-in`);
    await fillIn(first, ALICE);
    await first.waitForURL((url) => url.pathname !== '/.vestibule/sign-in');
    const page = await profile.newPage();
    const seen = watch(page);
    await page.goto(prefix);
    await program.isThere(page, ALICE);
    if (program.socket) {
      await until('a WebSocket gets frames', () => seen.sockets.some((one) => one.received > 0 && !one.closed), 30_000);
    }
    const unread = await manifestFault(profile, page);
    if (unread) seen.failures.push(unread);
    if (process.env.SCREENSHOTS) await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`) });
    return faults(program, seen, `${origin}${prefix}`);
  } catch (error) {
    return `does not: ${error.message.split('\n').slice(0, 6).join(' ')}`;
  } finally {
    await profile.close();
  }
}

// What is wrong with the web app manifest that the page links, if it links one. Without a window Chromium does not fetch it
// by itself; asked to, it does so as it always does: without cookies, unless the page says otherwise.
async function manifestFault(profile, page) {
  const session = await profile.newCDPSession(page);
  const { url, data, errors } = await session.send('Page.getAppManifest');
  await session.detach();
  if (!url) return undefined;
  const critical = errors.filter((one) => one.critical).map((one) => one.message);
  if (!data) return `${url}: the manifest cannot be fetched`;
  return critical.length > 0 ? `${url}: ${critical.join(', ')}` : undefined;
}

function faults(program, seen, base) {
  const sockets = base.replace('https', 'wss');
  const expected = (line) => (program.expected ?? []).some((pattern) => pattern.test(line));
  const ours = (url) => url.startsWith(base) || url.startsWith(sockets) || `${url}/` === base || /^(data|blob):/.test(url);
  const outside = [...seen.requests, ...seen.sockets.map((one) => one.url)].filter((url) => !ours(url) && !expected(url));
  const errors = [...seen.failures, ...seen.complaints.filter((line) => /^(error|exception)/.test(line))].filter((line) => !expected(line));
  if (outside.length === 0 && errors.length === 0) return 'works';
  return `works in part: ${[...new Set(outside)].slice(0, 5).map((url) => `asks for ${url}`).concat(errors.slice(0, 5)).join('; ')}`;
}
