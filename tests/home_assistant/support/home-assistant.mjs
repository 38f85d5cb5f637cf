// A real Home Assistant, on a copy of the example home, and what people and programs do there.

import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { until } from '../../browser/support/conditions.mjs';
import { freePort } from '../../browser/support/processes.mjs';
import { Socket } from './socket.mjs';

const REPOSITORY = resolve(import.meta.dirname, '..', '..', '..');

/** What starts and stops it. */
export const STARTER = resolve(process.env.STARTER ?? join(import.meta.dirname, '..', 'starter'));

/** People of the example home, as its USERS.md has them. */
export const ALICE = { name: 'alice', password: 'alice-pass-1', id: 'da668370958d4e36b44a658ca8c5b1a8' };
export const BOB = { name: 'bob', password: 'bob-pass-1', id: '18fef89e2f2b4c6e926d3e1668f9bd6a', totp: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP' };
export const CAROL = { name: 'carol', password: 'carol-pass-1' };
export const FRANK = { name: 'frank', password: 'frank-pass-1' };
export const OWNER = { name: 'owner', password: 'owner-pass-1' };
export const DAVE = { name: 'dave', password: 'dave-pass-1', id: '9409fe5cf4f3471898a077583e0be11a' };

/** What acts on several entities at once: a group, a scene and two scripts. */
export const COLLECTIONS = `
group:
  downstairs:
    entities: [light.bed_light, lock.front_door]
scene:
  - name: Evening
    entities: { light.bed_light: "on", light.office_rgbw_lights: "on" }
script:
  everything_off:
    sequence:
      - action: light.turn_off
        target: { entity_id: all }
  open_door:
    sequence:
      - action: lock.unlock
        target: { entity_id: lock.front_door }
`;

/**
 * Starts it in `folder`. `trusts`: whether it believes X-Forwarded-For of this machine. `more` stands in its
 * configuration.yaml besides; `furnish` gets its `.storage` folder before the start; `environment` is what its own has more; `port`
 * is a free one, `proxy` who is believed and `address` where it listens besides this machine, unless they are named.
 */
export async function startHomeAssistant(folder, { trusts = true, more = '', furnish = () => {}, environment = {}, port, proxy, address } = {}) {
  const home = join(folder, 'home');
  cpSync(join(REPOSITORY, 'examples', 'home'), home, { recursive: true });
  port ??= await freePort();
  rewrite(join(home, '.storage', 'http'), ({ data: { stable } }) => {
    stable.server_port = port;
    if (address) stable.server_host = ['127.0.0.1', address];
    stable.use_x_forwarded_for = trusts;
    stable.trusted_proxies = trusts ? [proxy ?? '127.0.0.1/32'] : [];
  });
  appendFileSync(join(home, 'configuration.yaml'), more);
  furnish(join(home, '.storage'));
  const there = new HomeAssistant(home, port, environment);
  process.once('exit', () => there.stop());
  there.start();
  await there.settled();
  return there;
}

class HomeAssistant {
  #pid;
  #port;
  #environment;

  constructor(home, port, environment) {
    this.home = home;
    this.#port = port;
    this.#environment = environment;
    this.url = `http://127.0.0.1:${port}`;
  }

  start() {
    this.#pid = this.#starter('start', this.home).trim().split('\n').at(-1);
  }

  stop() {
    if (this.#pid) this.#starter('stop', this.#pid);
    this.#pid = undefined;
  }

  /** Waits until all of its integrations are there. */
  async settled() {
    const authorization = `Bearer ${await this.token(ALICE)}`;
    const state = async () => (await (await fetch(`${this.url}/api/config`, { headers: { authorization } })).json()).state;
    await until('Home Assistant runs', async () => (await state()) === 'RUNNING', 120_000);
  }

  /** An access token of this person, for half an hour. */
  async token({ name, password }) {
    const client = `${this.url}/`;
    const flow = await this.#post('/auth/login_flow', { client_id: client, handler: ['homeassistant', null], redirect_uri: client });
    const step = await this.#post(`/auth/login_flow/${flow.flow_id}`, { client_id: client, username: name, password });
    const form = new URLSearchParams({ grant_type: 'authorization_code', code: step.result, client_id: client });
    return (await (await fetch(`${this.url}/auth/token`, { method: 'POST', body: form })).json()).access_token;
  }

  /** A long-lived token of this person, as they make one in their profile. */
  async longLivedToken(person) {
    const socket = await this.socket(await this.token(person));
    const { result } = await socket.ask({ type: 'auth/long_lived_access_token', client_name: 'vestibule', lifespan: 30 });
    socket.close();
    return result;
  }

  /** Its WebSocket, authenticated. */
  socket(token) {
    return Socket.open(`${this.url.replace('http', 'ws')}/api/websocket`, token);
  }

  #starter(...words) {
    const env = { ...process.env, ...this.#environment, HA_PORT: String(this.#port) };
    return execFileSync(STARTER, words, { env, encoding: 'utf8' });
  }

  async #post(path, body) {
    const answer = await fetch(`${this.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return answer.json();
  }
}

function rewrite(file, change) {
  const contents = JSON.parse(readFileSync(file, 'utf8'));
  change(contents);
  writeFileSync(file, JSON.stringify(contents));
}
