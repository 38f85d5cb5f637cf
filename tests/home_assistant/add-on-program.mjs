// Programs that were written to run as add-ons of Home Assistant, unchanged and with nothing but `SUPERVISOR_TOKEN` in their
// environment: AppDaemon, and the client that Home Assistant itself has for its Supervisor. Both come to http://supervisor.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../browser/support/conditions.mjs';
import { start } from '../browser/support/processes.mjs';
import { pythonPrograms } from '../browser/support/python.mjs';
import { ALICE, FRANK, OWNER, startHomeAssistant, STARTER } from './support/home-assistant.mjs';
import { startVestibule } from './support/vestibule.mjs';

const FOLDER = join(process.env.FOLDER, 'add-on-program');
const HERE = join(import.meta.dirname, 'add-on-program');
/** Where the name `supervisor` leads, for the add-ons alone: at port 80, because they name none. */
const SUPERVISOR = '127.0.0.2';
const stage = {};

describe('a program that runs as an add-on', { timeout: 600_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER);
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there), {
      secrets: {
        'home-assistant': await stage.there.longLivedToken(ALICE),
        owner: await stage.there.longLivedToken(OWNER),
      },
    });
    stage.admin = await stage.there.socket(await stage.there.token(ALICE));
    writeFileSync(join(FOLDER, 'hosts'), `127.0.0.1 localhost\n${SUPERVISOR} supervisor\n`);
  });

  after(async () => {
    await stage.appdaemon?.stop();
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('AppDaemon reads a state, hears of changes and events, and calls services', async () => {
    const program = join(pythonPrograms('add-on-python', join(HERE, 'requirements.txt')), 'appdaemon');
    const folder = join(FOLDER, 'appdaemon');
    mkdirSync(join(folder, 'apps'), { recursive: true });
    writeFileSync(join(folder, 'appdaemon.yaml'), APPDAEMON);
    writeFileSync(join(folder, 'apps', 'apps.yaml'), 'watch:\n  module: app\n  class: Watch\n');
    copyFileSync(join(HERE, 'app.py'), join(folder, 'apps', 'app.py'));
    stage.appdaemon = startAsAddOn('appdaemon', [program, '--config', folder], join(FOLDER, 'appdaemon.log'));
    const says = (words) => until(words, () => stage.appdaemon.output().includes(words), 60_000);
    try {
      await says('LISTENING');
      await says('READ off');
      await act('light', 'turn_off', 'light.kitchen_lights');
      await says('CHANGED light.kitchen_lights on off');
      await until('it has turned on another light', async () => (await state('light.ceiling_lights')).attributes.brightness === 17);
      const fired = await stage.admin.ask({ type: 'fire_event', event_type: 'doorbell', event_data: { door: 'the back door' } });
      assert.ok(fired.success);
      await says('HEARD doorbell at the back door and ');
    } finally {
      console.log(stage.appdaemon.output().split('\n').filter((line) => / (READ|CHANGED|HEARD|WARNING|ERROR)/.test(line)).join('\n'));
    }
    assert.doesNotMatch(stage.appdaemon.output(), / (WARNING|ERROR) /);
  });

  test("the Supervisor's client understands what it is told", () => {
    stage.vestibule.command('addons', 'protect', 'client', 'off');
    const said = runAsAddOn('client', [STARTER, 'python', join(HERE, 'client.py')]);
    console.log(said);
    const told = said.trim().split('\n').map((line) => JSON.parse(line));
    const find = (name) => told.find((one) => name in one)?.[name];
    assert.equal(find('homeassistant'), '2026.11.0');
    assert.deepEqual(told.filter(({ slug }) => slug).map(({ slug }) => slug), ['appdaemon', 'client']);
    assert.equal(find('self'), 'client');
    assert.deepEqual(find('options'), {});
    assert.deepEqual(find('panels'), ['appdaemon', 'client']);
    assert.match(find('refused'), /\S/);
  });

  test('an add-on may ask whether a password is right, and give somebody a new one', async () => {
    const token = stage.vestibule.command('addons', 'token', 'client', '--rotate').trim();
    const asks = async (path, body) => {
      // `Authorization` would be the login data that it asks about.
      const headers = { 'x-supervisor-token': token, 'content-type': 'application/json' };
      return (await fetch(`http://${SUPERVISOR}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })).status;
    };
    const [before, after] = [{ username: FRANK.name, password: FRANK.password }, { username: FRANK.name, password: 'frank-pass-2' }];
    assert.deepEqual([await asks('/auth', before), await asks('/auth', after)], [200, 401]);
    assert.equal(await asks('/auth/reset', after), 200);
    await until('the new password counts', async () => (await asks('/auth', after)) === 200, 10_000);
    assert.equal(await asks('/auth', before), 401);
    assert.ok(await stage.there.token({ name: after.username, password: after.password }), 'Home Assistant itself takes it');
    assert.equal(await asks('/auth/reset', { username: ALICE.name, password: 'mine-now' }), 400, 'no administrator gets one');
    assert.ok(await stage.there.token(ALICE));
  });
});

/** The words that start a program with the token of this add-on and a host called `supervisor`, which nobody else sees. */
function asAddOn(slug, words) {
  const mounts = 'mount --bind "$1" /etc/hosts; shift; exec "$@"';
  const token = stage.vestibule.command('addons', 'token', slug, '--rotate').trim();
  const env = { PATH: process.env.PATH, HOME: FOLDER, HA_ROOT: process.env.HA_ROOT ?? '', SUPERVISOR_TOKEN: token };
  return [['--mount', '--propagation', 'private', 'bash', '--norc', '-euc', mounts, 'add-on', join(FOLDER, 'hosts'), ...words], env];
}

function startAsAddOn(slug, words, log) {
  const [args, env] = asAddOn(slug, words);
  return start('unshare', args, { log, env });
}

function runAsAddOn(slug, words) {
  const [args, env] = asAddOn(slug, words);
  return execFileSync('unshare', args, { env, encoding: 'utf8' });
}

async function act(domain, service, entity_id) {
  const answer = await stage.admin.ask({ type: 'call_service', domain, service, target: { entity_id } });
  assert.ok(answer.success, JSON.stringify(answer));
}

async function state(entity_id) {
  const { result } = await stage.admin.ask({ type: 'get_states' });
  return result.find((one) => one.entity_id === entity_id);
}

const APPDAEMON = `
appdaemon:
  time_zone: Europe/Amsterdam
  latitude: 52.37
  longitude: 4.89
  elevation: 2
  plugins:
    HASS:
      type: hass
`;

const sections = ({ home, url }) => `
[home_assistant]
config_dir = "${home}"
url = "${url}"

[supervisor]
listen = "${SUPERVISOR}:80"
home_assistant_token = { file = "secrets/home-assistant" }
password_reset_token = { file = "secrets/owner" }

[[addon]]
slug = "appdaemon"
upstream = "http://127.0.0.1:5050"
path = "/ingress/appdaemon"
rights = { homeassistant_api = true }

[[addon]]
slug = "client"
upstream = "http://127.0.0.1:5051"
path = "/ingress/client"
rights = { hassio_api = true, hassio_role = "admin", auth_api = true }
`;
