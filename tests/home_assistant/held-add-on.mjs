// Two add-ons on /core/websocket of one real Home Assistant, one of them held to three lights, one of which is a group that
// tells its members. Over a minute of changes it gets those three and nothing else: every byte that it received is searched
// for the id of every other entity that Home Assistant knows. The other add-on gets everything.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../browser/support/processes.mjs';
import { until } from '../browser/support/conditions.mjs';
import { ATTACKS } from './held-add-on/attacks.mjs';
import { ANSWERED, HIDDEN, OTHER, REFUSED, REFUSED_REST, REFUSED_TO_MANY, SEEN } from './held-add-on/questions.mjs';
import { ALICE, COLLECTIONS, startHomeAssistant } from './support/home-assistant.mjs';
import { Socket } from './support/socket.mjs';
import { startVestibule } from './support/vestibule.mjs';

const FOLDER = join(process.env.FOLDER, 'held-add-on');
const SECONDS = Number(process.env.SECONDS ?? 60);
const stage = {};

describe('an add-on that is held to three lights', { timeout: 600_000 }, () => {
  before(async () => {
    stage.there = await startHomeAssistant(FOLDER, { more: MORE });
    stage.port = await freePort();
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there), {
      secrets: { 'home-assistant': await stage.there.longLivedToken(ALICE) },
    });
    stage.token = await stage.there.token(ALICE);
    stage.admin = await stage.there.socket(stage.token);
    const states = (await stage.admin.ask({ type: 'get_states' })).result;
    assert.ok(SEEN.every((id) => states.some(({ entity_id }) => entity_id === id)));
    const registry = (await stage.admin.ask({ type: 'config/entity_registry/list' })).result;
    stage.others = [...new Set([...states, ...registry].map(({ entity_id }) => entity_id))].filter((id) => !SEEN.includes(id));
    stage.secrets = [...stage.others, ...registry.map(({ id }) => id), ...registry.map(({ device_id }) => device_id).filter(Boolean)];
    stage.lights = stage.others.filter((id) => id.startsWith('light.'));
    [stage.free, stage.held, stage.many] = ['free', 'held', 'many'].map((slug) => stage.vestibule.command('addons', 'token', slug, '--rotate').trim());
  });

  after(async () => {
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('sees those and nothing else, over a minute', async () => {
    const [free, plain, joined] = await Promise.all([open(stage.free), open(stage.held), open(stage.held)]);
    await joined.ask({ type: 'supported_features', features: { coalesce_messages: 1 } });
    const everything = [{ type: 'subscribe_events' }, { type: 'subscribe_entities' }];
    const ours = [{ type: 'subscribe_events', event_type: 'state_changed' }, { type: 'subscribe_entities' }, { type: 'subscribe_entities', entity_ids: SEEN }];
    for (const message of everything) assert.ok((await free.ask(message)).success);
    for (const socket of [plain, joined]) for (const message of ours) assert.ok((await socket.ask(message)).success);
    const end = Date.now() + SECONDS * 1000;
    const counts = { changes: 0, answered: 0, refused: 0, rest: 0 };
    await Promise.all([happen(end, counts), ...[plain, joined].map((socket) => ask(socket, end, counts)), askRest(end, counts)]);
    await until('the last change is heard of', () => plain.texts.length > 0 && free.texts.length > 0);

    const heard = [...plain.texts, ...joined.texts].join('\n');
    const leaks = stage.secrets.filter((secret) => heard.includes(secret));
    assert.deepEqual(leaks, [], `leaked: ${leaks.map((leak) => excerpt(heard, leak)).join('\n')}`);
    const all = free.texts.join('\n');
    assert.ok([...SEEN, ...stage.lights].every((id) => all.includes(`"entity_id":"${id}"`)), 'the other add-on sees the lights');
    for (const type of ['entity_registry_updated', 'doorbell', 'call_service']) assert.ok(all.includes(`"event_type":"${type}"`), type);
    assert.ok(SEEN.every((id) => heard.includes(`"entity_id":"${id}"`)), 'it does see its own');
    assert.equal(plain.closed ?? joined.closed ?? free.closed, undefined, 'and all are still there');
    console.log({ ...counts, seconds: SECONDS, searchedFor: stage.secrets.length, bytesHeld: heard.length, bytesFree: all.length });
    for (const socket of [free, plain, joined]) socket.close();
  });

  test('gets by no other way at the few that are taken out of everything', async () => {
    const socket = await open(stage.many);
    const hidden = (id) => HIDDEN.some((start) => id.startsWith(start));
    const states = async () => (await stage.admin.ask({ type: 'get_states' })).result.filter(({ entity_id }) => hidden(entity_id)).map(({ state }) => state);
    const before = await states();
    assert.ok((await socket.ask({ type: 'subscribe_entities' })).success);
    assert.ok((await socket.ask({ type: 'get_states' })).result.length > 50, 'it does see the rest');
    for (const message of REFUSED_TO_MANY) {
      assert.equal((await socket.ask(message)).error?.code, 'unauthorized', JSON.stringify(message));
    }
    const browse = { type: 'call_service', domain: 'media_player', service: 'browse_media', target: { entity_id: 'media_player.browse' }, return_response: true };
    console.log(`what a player has to offer: ${JSON.stringify(await socket.ask(browse)).slice(0, 200)}`);
    const heard = socket.texts.join('\n');
    assert.deepEqual(stage.others.filter((id) => hidden(id) && heard.includes(id)), []);
    assert.deepEqual(await states(), before);
    socket.close();
  });

  test('gets no further with messages that are read in two ways, oddly spelled, or come in lists', async () => {
    const others = async () => (await stage.admin.ask({ type: 'get_states' })).result.filter(({ entity_id }) => [OTHER, 'lock.front_door'].includes(entity_id));
    const before = await others();
    const heard = [];
    for (const attack of ATTACKS) {
      const socket = await open(stage.held);
      socket.say(attack(10));
      socket.say({ id: 5000, type: 'ping' });
      await until('it goes on or is closed', () => socket.closed ?? socket.messages.some(({ id }) => id === 5000));
      heard.push(...socket.texts);
      socket.close();
    }
    const socket = await open(stage.held);
    socket.sayBytes(new Uint8Array([1, 2, 3]));
    await until('bytes that are no text end it', () => socket.closed?.code === 1008);
    const all = heard.join('\n');
    const leaks = stage.secrets.filter((secret) => all.includes(secret));
    assert.deepEqual(leaks, [], leaks.map((leak) => excerpt(all, leak)).join('\n'));
    assert.deepEqual(await others(), before, 'nothing happened to others');
    console.log(`${ATTACKS.length} texts, ${heard.length} answers`);
  });
});

/** Changes of the three and of others, services, registries, errors, until `end`. */
async function happen(end, counts) {
  const registry = (name) => ({ type: 'config/entity_registry/update', entity_id: OTHER, name });
  const service = (domain, name, entity_id) => ({ type: 'call_service', domain, service: name, target: { entity_id } });
  for (let turn = 0; Date.now() < end || turn < 20; turn += 1) {
    const of = (list) => list[turn % list.length];
    const acts = [
      service('light', 'toggle', of(SEEN)), service('light', 'toggle', of(stage.lights)), service('light', 'toggle', 'all'),
      service('lock', of(['lock', 'unlock']), 'lock.front_door'), service('switch', 'toggle', 'all'), registry(`Office ${turn}`),
      service('script', 'turn_on', 'script.everything_off'), service('scene', 'turn_on', 'scene.evening'),
      { type: 'fire_event', event_type: 'doorbell', event_data: { entity_id: of(stage.others) } },
      { type: 'render_template', template: `{{ states('${of(stage.others)}') }}` }, service('light', 'turn_on', 'light.nowhere'),
    ];
    const state = { state: `${turn}`, attributes: { of: [...SEEN, OTHER] } };
    await rest(stage.there.url, stage.token, 'POST', `/api/states/sensor.made_up_${turn % 7}`, state);
    const answer = await stage.admin.ask(of(acts));
    assert.ok(answer.success || !['config/entity_registry/update', 'fire_event'].includes(of(acts).type), JSON.stringify(answer));
    counts.changes += 2;
  }
}

/** What the held add-on asks, again and again. */
async function ask(socket, end, counts) {
  do {
    for (const message of ANSWERED) {
      const answer = await socket.ask(message);
      assert.notEqual(answer.error?.code, 'unauthorized', JSON.stringify([message, answer]));
      counts.answered += 1;
    }
    for (const message of REFUSED) {
      const answer = await socket.ask(message);
      assert.equal(answer.error?.code, 'unauthorized', JSON.stringify([message, answer]).slice(0, 600));
      counts.refused += 1;
    }
  } while (Date.now() < end);
}

async function askRest(end, counts) {
  const asked = (method, path, body) => rest(`http://127.0.0.1:${stage.port}`, stage.held, method, `/core/api${path}`, body);
  do {
    const states = await asked('GET', '/states');
    assert.deepEqual(JSON.parse(states.text).map(({ entity_id }) => entity_id).sort(), SEEN);
    const told = [states, await asked('GET', `/states/${SEEN[2]}`)];
    told.push(await asked('POST', '/services/light/toggle', { entity_id: 'light.house' }));
    assert.deepEqual(told.map(({ status }) => status), [200, 200, 200]);
    told.push(await asked('POST', '/services/light/toggle?return_response', { entity_id: SEEN }));
    told.push(await asked('POST', '/services/light/turn_on', { entity_id: SEEN, brightness: 'x' }));
    for (const [method, path, body] of REFUSED_REST) {
      const answer = await asked(method, path, body);
      assert.equal(answer.status, 403, `${method} ${path} ${answer.text.slice(0, 300)}`);
      told.push(answer);
    }
    const heard = told.map(({ text }) => text).join('\n');
    const leaks = stage.secrets.filter((secret) => heard.includes(secret));
    assert.deepEqual(leaks, [], leaks.map((leak) => excerpt(heard, leak)).join('\n'));
    counts.rest += told.length;
  } while (Date.now() < end);
}

async function rest(origin, token, method, path, body) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${origin}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
}

const open = (token) => Socket.open(`ws://127.0.0.1:${stage.port}/core/websocket`, token);
const excerpt = (text, leak) => text.slice(Math.max(0, text.indexOf(leak) - 300), text.indexOf(leak) + 100);

const MORE = `
logbook:
conversation:
light:
  - platform: group
    name: House
    entities: [light.bed_light, light.office_rgbw_lights, light.kitchen_lights]
${COLLECTIONS}`;

const sections = ({ home, url }) => `
[home_assistant]
config_dir = "${home}"
url = "${url}"

[permissions]
groups = "both"

[supervisor]
listen = "127.0.0.1:${stage.port}"
home_assistant_token = { file = "secrets/home-assistant" }

[[group]]
id = "three_lights"
members = []
[group.policy]
entity_ids = { ${SEEN.map((id) => `"${id}" = { read = true, control = true }`).join(', ')} }

[[group]]
id = "many"
members = []
[group.policy]
all = { read = true, control = true }
domains = { lock = false, camera = false }
entity_ids = { "media_player.walkman" = false }

[[addon]]
slug = "many"
upstream = "http://127.0.0.1:5052"
path = "/ingress/many"
rights = { homeassistant_api = true }
entities = "many"

[[addon]]
slug = "free"
upstream = "http://127.0.0.1:5050"
path = "/ingress/free"
rights = { homeassistant_api = true }

[[addon]]
slug = "held"
upstream = "http://127.0.0.1:5051"
path = "/ingress/held"
rights = { homeassistant_api = true }
entities = "three_lights"
`;
