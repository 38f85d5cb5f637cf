// A certificate that an ACME server issued, and the one that follows it while an add-on is open.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { startBrowser } from '../support/browser.mjs';
import { until } from '../support/conditions.mjs';
import { flowsAddon, nodeRedAddon } from '../support/nodered.mjs';
import { startPebble } from '../support/pebble.mjs';
import { ALICE } from '../support/people.mjs';
import { freePort } from '../support/processes.mjs';
import { startVestibule } from '../support/vestibule.mjs';
import { open, visit } from '../support/visitor.mjs';
import { editorIsThere } from './nodered.mjs';

const HOST = 'home.localhost';
const EDITOR = '/ingress/nodered/';

export function certificates(stage) {
  const here = {};
  before(async () => {
    const port = await freePort();
    here.pebble = await startPebble(join(stage.folder, 'pebble'), port);
    const addons = nodeRedAddon(stage.nodeRedPort) + flowsAddon(stage.nodeRedPort) + acme(here.pebble);
    here.vestibule = await startVestibule(join(stage.folder, 'certificates'), addons, { port });
    here.vestibule.origin = `https://${HOST}:${port}`;
    // It believes pebble's root and nothing else that is not public.
    here.browser = await startBrowser(join(stage.folder, 'browser-of-acme'), here.pebble.root);
  });
  after(async () => {
    await here.browser?.close();
    await here.vestibule?.stop();
    await here.pebble?.stop();
  });

  test('an add-on opens over it, and over the renewed one, while a WebSocket of before goes on', () =>
    visit(here, async (page, seen, profile) => {
      const certificate = await certificateOf(profile, page, here.vestibule.origin);
      await open(page, EDITOR, ALICE);
      await editorIsThere(page);
      await page.evaluate(openSocket);
      assert.equal(await page.evaluate(echo, 'before'), 'before');
      const first = await certificate();
      assert.match(first.issuer, /Pebble Intermediate CA/);
      assert.equal(first.subjectAltName, `DNS:${HOST}`);

      const [program, ...of] = here.vestibule.command;
      const renewed = execFileSync(program, [...of, 'certificates', 'renew', HOST], { encoding: 'utf8', cwd: join(stage.folder, 'certificates') });
      assert.match(renewed, /^1 /);
      // Each profile makes connections of its own.
      await until('browsers are shown another certificate', async () => {
        let number;
        await visit(here, async (other, _seen, another) => {
          const shown = await certificateOf(another, other, here.vestibule.origin);
          await other.goto('/.vestibule/sign-in');
          number = (await shown()).serialNumber;
        });
        return number !== first.serialNumber;
      }, 30_000);
      await visit(here, async (other, failures, another) => {
        const shown = await certificateOf(another, other, here.vestibule.origin);
        await open(other, EDITOR, ALICE);
        await editorIsThere(other);
        const second = await shown();
        assert.notEqual(second.serialNumber, first.serialNumber);
        assert.match(second.issuer, /Pebble Intermediate CA/);
        await until('its WebSocket gets frames', () => failures.sockets.find((one) => one.received > 0 && !one.closed));
        assert.deepEqual(failures.failures, []);
      });

      assert.equal(await page.evaluate(echo, 'after'), 'after');
      assert.ok(seen.sockets.length >= 2, 'the editor has one of its own');
      assert.deepEqual(seen.sockets.filter((one) => one.closed), [], 'no WebSocket broke');
      assert.doesNotThrow(() => process.kill(here.vestibule.pid, 0), 'it is the process of before');
    }));

  test('a browser that does not believe the authority opens nothing', () =>
    visit({ browser: stage.browser, vestibule: here.vestibule }, async (page) => {
      await assert.rejects(page.goto(EDITOR), /ERR_CERT_AUTHORITY_INVALID/);
    }));
}

const acme = (pebble) => `
[tls.acme]
domains = ["${HOST}"]
directory = "${pebble.directory}"
directory_ca = "${pebble.authority}"
agree_to_terms = true
challenge = "tls-alpn-01"
`;

/** Says which certificate the browser was shown, as the browser has it; `page` must not have gone anywhere yet. */
async function certificateOf(profile, page, origin) {
  const session = await profile.newCDPSession(page);
  await session.send('Network.enable');
  return async () => {
    const { tableNames } = await session.send('Network.getCertificate', { origin });
    assert.ok(tableNames.length > 0, `the browser knows no certificate of ${origin}`);
    return new X509Certificate(Buffer.from(tableNames[0], 'base64'));
  };
}

// --- in the page

async function openSocket() {
  const socket = new WebSocket(`${location.origin.replace('https', 'wss')}/ingress/flows/live/light/bed_light`);
  await new Promise((done, failed) => { socket.onopen = done; socket.onerror = () => failed(new Error('no WebSocket')); });
  globalThis.socket = socket;
}

function echo(text) {
  const heard = new Promise((done, failed) => {
    globalThis.socket.onmessage = (message) => done(message.data);
    globalThis.socket.onclose = () => failed(new Error('the WebSocket was closed'));
  });
  globalThis.socket.send(text);
  return heard;
}
