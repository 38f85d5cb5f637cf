// A user who is held, with their token in hand, or with PASS=1 an administrator's pass that is held to lights, against all that Home Assistant has: every WebSocket command and every REST
// path of its running registry, in many spellings, with what is forbidden in every place. Whatever comes back holds nothing
// that they may not read, and Home Assistant tells its administrator of nothing that they may not change.

import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setDefaultCACertificates } from 'node:tls';
import { until } from '../browser/support/conditions.mjs';
import { MARKERS, MORE, hide, targetsOf } from './attack/forbidden.mjs';
import { Sender, requestsFor } from './attack/paths.mjs';
import { spellings } from './attack/spellings.mjs';
import { deedsOf, differences, inventory } from './attack/watch.mjs';
import { serviceWishes, wishesFor } from './attack/wishes.mjs';
import { MORE as PAGES, sections } from './front/configuration.mjs';
import { leaks, secretsOf } from './front/secrets.mjs';
import { ALICE, OWNER, startHomeAssistant } from './support/home-assistant.mjs';
import { Socket } from './support/socket.mjs';
import { startVestibule } from './support/vestibule.mjs';

const GRACE = { name: 'grace', password: 'grace-pass-1' };
const FOLDER = join(process.env.FOLDER, 'attack');
const AT_ONCE = 6;
/** Whose token it is, or whose pass. A pass of lights is for less than what `grace` may do, by whom it is judged. */
const WHO = process.env.PASS ? ALICE : GRACE;
const stage = {};

describe('a user with a token against all that Home Assistant has', { timeout: 3_600_000 }, () => {
  before(async () => {
    mkdirSync(FOLDER, { recursive: true });
    stage.there = await startHomeAssistant(FOLDER, { more: PAGES + MORE, furnish });
    stage.vestibule = await startVestibule(join(FOLDER, 'vestibule'), sections(stage.there, { url: stage.there.url }));
    setDefaultCACertificates([readFileSync(stage.vestibule.authority, 'utf8')]);
    stage.token = await stage.there.token(OWNER);
    stage.admin = await stage.there.socket(stage.token);
    stage.registry = JSON.parse((await direct('GET', '/api/registry_of_commands')).text);
    const users = (await stage.admin.ask({ type: 'config/auth/list' })).result;
    const idOf = ({ name }) => users.find(({ username }) => username === name).id;
    stage.user = idOf(WHO);
    stage.rights = stage.registry.rights[idOf(GRACE)];
    const places = await hide(stage.admin, direct, stage.rights);
    // With what is hidden since.
    stage.rights = JSON.parse((await direct('GET', '/api/registry_of_commands')).text).rights[idOf(GRACE)];
    stage.targets = await targetsOf(stage.admin, stage.rights, places);
    const theirs = await secretsOf(stage, GRACE);
    const people = users.filter(({ id }) => id !== stage.user).flatMap(({ id, name }) => [id, name]);
    stage.secrets = [...theirs, ...[...MARKERS, ...people, ...stage.targets.secrets].map((text) => ({ text, kind: 'marker' }))];
    const all = JSON.stringify((await stage.admin.ask({ type: 'get_states' })).result);
    assert.ok(leaks(stage.secrets, { sockets: [{ asked: [], texts: [all] }] }).length > 100, 'what an administrator gets is full of it');
    stage.before = await inventory(stage.admin);
    stage.deeds = await deedsOf(stage.admin, stage.user, stage.rights);
  });

  after(async () => {
    await stage.vestibule?.stop();
    stage.there?.stop();
  });

  test('every command of the WebSocket', async () => {
    const { commands, services } = stage.registry;
    const lists = Object.entries(commands).map(([type, fields]) => wishesFor(type, fields, stage.targets));
    lists.push(serviceWishes(services, stage.targets));
    const heard = await shout(lists);
    const found = leaks(stage.secrets, heard);
    report('commands', Object.keys(commands).length, heard, found);
    assert.deepEqual(found, []);
  });

  test('every path of the API', async () => {
    const paths = Map.groupBy(stage.registry.routes, ([, path]) => path);
    const requests = [...paths].flatMap(([path, routes]) => requestsFor(path, routes.map(([method]) => method), stage.targets));
    const heard = await knock(requests);
    const found = leaks(stage.secrets, heard);
    report('paths', paths.size, heard, found);
    assert.deepEqual(found, []);
  });

  test('nothing has changed that they may not change', async () => {
    const deeds = [...new Set(stage.deeds())];
    const changed = differences(stage.before, await inventory(stage.admin));
    console.log(`done in their name and forbidden: ${deeds.length}; changed otherwise: ${changed.length}`);
    assert.deepEqual([deeds, changed], [[], []]);
  });
});

/** A home with a component that tells what is registered, and that bans nobody: here all come from one address. */
function furnish(storage) {
  const component = join('custom_components', 'registry_of_commands');
  cpSync(join(import.meta.dirname, 'attack', 'registry_of_commands'), join(storage, '..', component), { recursive: true });
  const file = join(storage, 'http');
  const http = JSON.parse(readFileSync(file, 'utf8'));
  http.data.stable.ip_ban_enabled = false;
  writeFileSync(file, JSON.stringify(http));
}

/** Asks Home Assistant itself, as an administrator. */
async function direct(method, path, body) {
  const headers = { authorization: `Bearer ${stage.token}`, 'content-type': 'application/json' };
  const answer = await fetch(`${stage.there.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  return { status: answer.status, text: await answer.text() };
}

/** Sends every spelling of all messages, some lists at a time, each over WebSockets of its own. */
async function shout(lists) {
  const heard = { sockets: [], sent: 0, answered: 0, refused: 0, malformed: 0 };
  const queue = lists.flatMap((wishes) => batches(wishes));
  const next = async () => {
    for (let batch = queue.shift(); batch; batch = queue.shift()) await say(batch, heard);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, next));
  return heard;
}

async function say(batch, heard) {
  const [socket, id] = [await theirs(), counter()];
  heard.sockets.push(socket);
  for (const text of batch.flatMap((wish) => spellings(wish, id))) {
    heard.sent += 1;
    socket.asked.push(text);
    socket.say(text);
  }
  const end = id();
  socket.say({ id: end, type: 'ping' });
  // Some messages end the WebSocket, with the user's own token.
  const isOver = () => socket.closed || socket.messages.some((message) => message.id === end);
  await until(`an answer after ${JSON.stringify(batch[0]).slice(0, 300)}`, isOver, 120_000);
  tally(heard, socket);
  socket.close();
}

/** Those that may end the token alone, each behind the other; else as many as do not stand in each other's way. */
function batches(wishes) {
  const many = /refresh_token/.test(wishes[0].type) ? 1 : 40;
  return Array.from({ length: Math.ceil(wishes.length / many) }, (_, place) => wishes.slice(place * many, (place + 1) * many));
}

function counter() {
  let last = 0;
  return () => (last += 1);
}

/** What the user shows at the front. */
function credential() {
  if (!process.env.PASS) return stage.there.token(GRACE);
  return stage.vestibule.command('passes', 'new', '--user', 'alice', '--group', 'custom-lights').trim();
}

/** A WebSocket of the user's, with a token that serves until it is ended. */
async function theirs() {
  const open = () => Socket.open(`${stage.vestibule.origin.replace('https', 'wss')}/api/websocket`, stage.theirs);
  stage.theirs ??= await credential();
  const socket = await open().catch(async () => {
    stage.theirs = await credential();
    return open();
  });
  socket.asked = [];
  return socket;
}

function tally(heard, { messages }) {
  for (const { type, success, error } of messages) {
    if (type !== 'result') continue;
    if (success) heard.answered += 1;
    else if (error?.code === 'unauthorized') heard.refused += 1;
    else heard.malformed += 1;
  }
}

/** Sends all requests, as the user and as nobody. */
async function knock(requests) {
  const heard = { answers: [], sent: 0, answered: 0, refused: 0, malformed: 0 };
  const sender = new Sender(stage.vestibule.origin, readFileSync(stage.vestibule.authority));
  const bearer = { authorization: `Bearer ${await credential()}` };
  const read = requests.filter(({ method }) => method === 'GET');
  const signed = (await signedPaths(await stage.there.token(WHO), process.env.PASS ? [] : read)).map((path) => ({ method: 'GET', path }));
  const queue = [...requests.map((request) => [request, bearer]), ...read.map((request) => [request, {}]), ...signed.flatMap((request) => [[request, {}], [request, bearer]])];
  const next = async () => {
    for (let one = queue.pop(); one; one = queue.pop()) {
      const answer = await sender.send(...one);
      heard.sent += 1;
      if (answer.status >= 200 && answer.status < 400) heard.answered += 1;
      else if ([401, 403, 404, 405].includes(answer.status)) heard.refused += 1;
      else heard.malformed += 1;
      const { method, path } = one[0];
      heard.answers.push({ method, path, ...answer });
    }
  };
  await Promise.all(Array.from({ length: 12 }, next));
  sender.close();
  return heard;
}

/** These paths as Home Assistant itself signs them for the user. */
async function signedPaths(token, requests) {
  const socket = await stage.there.socket(token);
  const paths = [...new Set(requests.map(({ path }) => path.split('?')[0]))];
  const answers = [];
  for (const path of paths) answers.push((await socket.ask({ type: 'auth/sign_path', path })).result?.path);
  socket.close();
  return answers.filter(Boolean);
}

function report(what, count, { sockets, answers, ...heard }, found) {
  writeFileSync(join(FOLDER, `${what}.json`), JSON.stringify({ sockets: sockets?.map(({ asked, texts }) => ({ asked, texts })), answers }));
  console.log(`${count} ${what}: ${heard.sent} sent, ${heard.answered} answered, ${heard.refused} refused, ${heard.malformed} no messages; ${found.length} leaks`);
  for (const leak of found) console.log(`  ${leak}`);
}
