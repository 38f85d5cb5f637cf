// Debian's Chromium, headless, in a home of its own that trusts one certificate authority.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

/** Starts Chromium. The authority goes into Chromium's own store of trust, so that certificates are judged as for a user. */
export async function startBrowser(home, authority) {
  const store = join(home, '.pki', 'nssdb');
  mkdirSync(store, { recursive: true });
  execFileSync('certutil', ['-N', '-d', `sql:${store}`, '--empty-password']);
  execFileSync('certutil', ['-A', '-d', `sql:${store}`, '-n', 'the development CA', '-t', 'C,,', '-i', authority]);
  return chromium.launch(options(home));
}

/** Starts it with a profile that is kept, and gives the profile. The authority must be in its home already. */
export function startWithProfile(home, profile, more) {
  return chromium.launchPersistentContext(profile, { ...options(home), ...more });
}

function options(home) {
  return {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_CACHE_HOME: join(home, '.cache') },
    args: [
      '--disable-gpu', '--disable-quic', '--no-proxy-server', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
      // Chromium's sandbox does not work for root, and CI runs as root.
      ...(process.getuid() === 0 ? ['--no-sandbox'] : []),
    ],
  };
}

/** Notes what a page asks for, prints and opens; `page` must not have gone anywhere yet. */
export function watch(page) {
  const seen = { requests: [], complaints: [], failures: [], sockets: [] };
  page.on('request', (request) => seen.requests.push(request.url()));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(`${message.type()}: ${message.text()} (${message.location().url})`);
  });
  page.on('pageerror', (error) => seen.complaints.push(`exception: ${error.message}`));
  page.on('requestfailed', (request) => {
    const why = request.failure()?.errorText;
    // The browser itself lets go of what a page still loads when it goes to the next one.
    if (why !== 'net::ERR_ABORTED') seen.failures.push(`${request.url()}: ${why}`);
  });
  page.on('websocket', (socket) => {
    const record = { url: socket.url(), received: 0, closed: undefined, openedAt: Date.now() };
    socket.on('framereceived', () => { record.received += 1; });
    socket.on('close', () => { record.closed = Date.now(); });
    seen.sockets.push(record);
  });
  return seen;
}
