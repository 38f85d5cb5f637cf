// Certificates of clients, in the store of a browser: in the place of a password, as a second factor, and where one is required.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBrowser, startWithProfile } from '../support/browser.mjs';
import { FRANK } from '../support/people.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { fillIn, open, place, SIGN_IN, visit } from '../support/visitor.mjs';

const PAGE = '/ingress/whoami/';
const SAFE = '/ingress/safe/';
const TABLET = 'tablet.localhost';

const TABLES = `
[[tls.client_auth]]
host = "${TABLET}"

[[tls.client_certificate]]
common_name = "Kitchen tablet"
user = "${FRANK.name}"
sign_in = true

[[addon]]
slug = "safe"
title = "Safe"
upstream = "builtin:whoami"
path = "/ingress/safe"
second_factor = true

[[addon]]
slug = "tablet"
title = "For the tablet"
upstream = "builtin:whoami"
host = "${TABLET}"
`;

export function clientCertificates(stage) {
  const here = {};
  before(async () => {
    const folder = join(stage.folder, 'client-certificates');
    const listen = (port) => `public_urls = ["https://localhost:${port}"]`;
    here.vestibule = await startVestibule(folder, TABLES, { furnish: issue, listen, tls: 'client_ca = "clients.crt"' });
    here.home = join(stage.folder, 'browser-of-tablet');
    here.browser = await startBrowser(here.home, here.vestibule.authority);
    here.p12 = join(folder, 'tablet.p12');
    here.origins = [here.vestibule.origin, `https://${TABLET}:${here.vestibule.port}`];
  });
  after(async () => {
    await here.browser?.close();
    await here.vestibule?.stop();
  });

  test('without one, a password opens what asks for one factor and nothing else', () =>
    visit(here, async (page) => {
      await open(page, PAGE, FRANK);
      const answer = await page.goto(SAFE);
      assert.notEqual(place(page), SAFE);
      assert.ok(!(await answer.text()).includes(FRANK.id));
      // With TLS 1.3 the browser believes that the handshake is over, and may meet the end before the alert.
      const over = /ERR_BAD_SSL_CLIENT_AUTH_CERT|ERR_SOCKET_NOT_CONNECTED|ERR_CONNECTION_(RESET|CLOSED)/;
      await assert.rejects(page.goto(here.origins[1]), over);
    }));

  test('a tablet is signed in by its certificate, its WebSocket too, and at the host that requires one', () =>
    withCertificate(async (page) => {
      await page.goto(PAGE);
      assert.equal(place(page), PAGE);
      await page.getByText(FRANK.id).first().waitFor();
      await page.locator('#echo', { hasText: 'hello, whoami' }).waitFor();
      await page.goto(here.origins[1]);
      await page.getByText(FRANK.id).first().waitFor();
      await page.locator('#echo', { hasText: 'hello, whoami' }).waitFor();
    }));

  test('a password beside it is a second factor', () =>
    withCertificate(async (page) => {
      await page.goto(SAFE);
      assert.notEqual(place(page), SAFE, 'the certificate alone is one factor');
      await page.goto(`${SIGN_IN}?return_to=${SAFE}`);
      await fillIn(page, FRANK);
      await page.waitForURL(SAFE);
      await page.getByText(FRANK.id).first().waitFor();
    }));

  // A browser shows a dialog in which one is chosen. Here the profile has chosen, as a policy of the device would.
  let profiles = 0;
  async function withCertificate(story) {
    const profile = join(stage.folder, `tablet-${profiles += 1}`);
    mkdirSync(join(profile, 'Default'), { recursive: true });
    const chosen = here.origins.map((origin) => [`${origin},*`, { last_modified: '13300000000000000', setting: { filters: [{}] } }]);
    const exceptions = { auto_select_certificate: Object.fromEntries(chosen) };
    writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify({ profile: { content_settings: { exceptions } } }));
    if (profiles === 1) execFileSync('pk12util', ['-d', `sql:${here.home}/.pki/nssdb`, '-i', here.p12, '-W', '', '-K', '']);
    const context = await startWithProfile(here.home, profile, { baseURL: here.vestibule.origin });
    try {
      await story(await context.newPage());
    } finally {
      await context.close();
    }
  }
}

/** An authority and the tablet's certificate, by the commands of docs/client-certificates.md. */
function issue(folder) {
  const openssl = (...words) => execFileSync('openssl', words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl('req', '-x509', ...key, '-days', '3650', '-subj', '/CN=Home devices', '-addext', 'basicConstraints=critical,CA:TRUE',
    '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', 'clients.key', '-out', 'clients.crt');
  openssl('req', ...key, '-subj', '/CN=Kitchen tablet', '-keyout', 'tablet.key', '-out', 'tablet.csr');
  writeFileSync(join(folder, 'tablet.ext'), 'basicConstraints=CA:FALSE\nextendedKeyUsage=clientAuth\n');
  openssl('x509', '-req', '-in', 'tablet.csr', '-CA', 'clients.crt', '-CAkey', 'clients.key', '-CAcreateserial', '-days', '825',
    '-extfile', 'tablet.ext', '-out', 'tablet.crt');
  openssl('pkcs12', '-export', '-in', 'tablet.crt', '-inkey', 'tablet.key', '-out', 'tablet.p12', '-passout', 'pass:');
}
