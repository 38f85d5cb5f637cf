// zigbee2mqtt: a WebSocket that says everything, and no check of its Origin.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start as startProgram } from '../../browser/support/processes.mjs';
import { NODE, fromNpm } from '../install.mjs';

export const slug = 'zigbee2mqtt';
export const version = '2.14.1';
export const socket = true;

export const install = (folder) => fromNpm(folder, `zigbee2mqtt@${version}`);

export async function start(installed, folder, port) {
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'configuration.yaml'), `
version: 5
mqtt: { base_topic: zigbee2mqtt, server: 'mqtt://127.0.0.1:1883' }
serial: { port: /dev/null, adapter: ember }
frontend: { enabled: true, host: 127.0.0.1, port: ${port} }
advanced: { network_key: [1, 3, 5, 7, 9, 11, 13, 15, 0, 2, 4, 6, 8, 10, 12, 13], pan_id: 6754, channel: 11, log_output: [console] }
onboarding: false
homeassistant: { enabled: false }
`);
  const home = join(installed, 'node_modules', 'zigbee2mqtt');
  const args = ['--require', join(import.meta.dirname, '..', 'stand-ins', 'zigbee.cjs'), join(home, 'index.js')];
  const program = startProgram(NODE, args, { cwd: home, log: join(folder, 'log'), env: { ...process.env, ZIGBEE2MQTT_DATA: data } });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/`)).ok);
  return program;
}

export const isThere = (page) => page.getByText(/Permit join/i).first().waitFor();

export const roles = {
  names: { alice: 'let in', frank: 'kept out' },
  exchange: ['access = { admin_only = true }', 'access = { users = ["frank"] }'],
  tries: [
    { what: 'opens the page', path: '', alice: 200, frank: 403 },
    { what: 'opens the WebSocket', path: 'api', socket: true, alice: 101, frank: 403 },
  ],
};
