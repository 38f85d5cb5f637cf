// Without access to Home Assistant's files: an address and a long-lived token. Who the users are, what is where, and what
// changes there is known here, also after Home Assistant has been away.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../browser/support/conditions.mjs';
import { Client } from './support/client.mjs';
import { ALICE, BOB, DAVE, startHomeAssistant } from './support/home-assistant.mjs';
import { startVestibule } from './support/vestibule.mjs';

const FOLDER = join(process.env.FOLDER, 'api-alone');
const CEILING = 'kitchen_ceiling';
const BED = 'bed_light';
const stage = {};

describe('the API alone', { timeout: 300_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER);
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there), {
      listen: 'trusted_proxies = ["127.0.0.1/32"]',
      secrets: { 'home-assistant': await stage.there.longLivedToken(ALICE) },
    });
    await until('its users are known', async () => (await readiness()).directory === 'good');
  });

  after(async () => {
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('users sign in with their passwords, and administrators are administrators', async () => {
    stage.bob = new Client(stage.vestibule);
    stage.alice = new Client(stage.vestibule);
    assert.equal(await stage.bob.signIn(BOB), 303);
    assert.equal(await stage.alice.signIn(ALICE), 303);
    assert.equal(await new Client(stage.vestibule).signIn({ ...BOB, password: 'wrong' }), 401);
    const erin = { name: 'erin', password: 'erin-pass-1' };
    assert.equal(await new Client(stage.vestibule).signIn(erin), 401, 'to somebody deactivated it says what it says to a wrong password');
    const who = await stage.bob.ask('/.vestibule/session');
    assert.equal(JSON.parse(who.text).user.id, BOB.id);
    assert.deepEqual([await stage.bob.status('/ingress/admin/'), await stage.alice.status('/ingress/admin/')], [403, 200]);
    assert.equal(await new Client(stage.vestibule).signIn(DAVE), 303, 'dave is at home');
  });

  test('an entity that moves to another area, or its device, is where it is', async () => {
    const there = await stage.there.socket(await stage.there.token(ALICE));
    const light = (name) => stage.bob.status(`/ingress/lights/${name}`);
    const moves = async (name, status, message) => {
      const answer = await there.ask(message);
      assert.ok(answer.success, JSON.stringify(answer));
      const since = Date.now();
      await until(`${status} for ${name}`, async () => (await light(name)) === status);
      console.log(`${name} is in ${message.area_id}: ${status} here after ${Date.now() - since} ms`);
    };
    assert.deepEqual([await light(CEILING), await light(BED)], [403, 403]);
    const entity = { type: 'config/entity_registry/update', entity_id: `light.${CEILING}` };
    await moves(CEILING, 200, { ...entity, area_id: 'kitchen' });
    await moves(CEILING, 403, { ...entity, area_id: 'living_room' });
    const { result } = await there.ask({ type: 'config/entity_registry/get', entity_id: `light.${BED}` });
    await moves(BED, 200, { type: 'config/device_registry/update', device_id: result.device_id, area_id: 'kitchen' });
    there.close();
  });

  test('Home Assistant restarts: the last good copy counts, and it is followed again', async () => {
    stage.there.stop();
    await until('it is missed', async () => (await readiness()).directory === 'stale', 30_000);
    assert.equal(await stage.bob.status(`/ingress/lights/${BED}`), 200);
    stage.there.start();
    await until('it is followed again', async () => (await readiness()).directory === 'good', 60_000);
    assert.equal(await stage.bob.status(`/ingress/lights/${BED}`), 200);
  });

  test('a user who is deactivated there is out here', async () => {
    const there = await stage.there.socket(await stage.there.token(ALICE));
    assert.equal(await stage.bob.status('/ingress/lights/'), 200);
    const { success } = await there.ask({ type: 'config/auth/update', user_id: BOB.id, is_active: false });
    assert.ok(success);
    const since = Date.now();
    await until('bob is out', async () => (await stage.bob.status('/.vestibule/session')) === 401);
    console.log(`deactivated there, out here after ${Date.now() - since} ms`);
    assert.equal(await new Client(stage.vestibule).signIn(BOB), 401);
    assert.equal(await stage.alice.status('/ingress/lights/'), 200);
    there.close();
  });
});

async function readiness() {
  return (await fetch(`http://127.0.0.1:${stage.vestibule.operations}/readyz`)).json();
}

const sections = ({ url }) => `
[home_assistant]
url = "${url}"
token = { file = "secrets/home-assistant" }

[permissions]
groups = "config"

[[group]]
id = "cooks"
members = ["bob"]
[group.policy]
areas = { kitchen = { control = true } }

[[addon]]
slug = "lights"
upstream = "builtin:whoami"
path = "/ingress/lights"

[[addon.protect]]
path = "/{light}"
entity = "light.{light}"
access = "control"

[[addon]]
slug = "admin"
upstream = "builtin:whoami"
path = "/ingress/admin"
access = { admin_only = true }
`;
