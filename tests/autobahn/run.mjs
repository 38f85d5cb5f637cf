// Autobahn's cases for WebSocket, driven by kosoku through vestibule's tunnel over HTTP/1.1 to an echo server.
//
// kosoku knows neither TLS nor cookies: a relay in between writes the head of each handshake anew, as the browser of a
// signed-in user would say it, and touches no byte after that. The same cases against the echo server alone come first: what
// fails there already is not the tunnel's.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { pythonPrograms } from '../browser/support/python.mjs';
import { freePort } from '../browser/support/processes.mjs';
import { startVestibule } from '../browser/support/vestibule.mjs';

const SECTIONS = ['1.*', '2.*', '3.*', '4.*', '5.*', '6.*', '7.*', '9.*', '10.*'];
const GOOD = ['OK', 'NON-STRICT', 'INFORMATIONAL'];
const PREFIX = '/ingress/echo/';

if (isMainThread) {
  process.exitCode = await main();
  process.exit();
} else {
  serve(workerData);
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-autobahn-'));
  let vestibule;
  try {
    const kosoku = join(pythonPrograms('autobahn-python', join(import.meta.dirname, 'requirements.txt')), 'kosoku');
    const [echo, relay] = [await freePort(), await freePort()];
    vestibule = await startVestibule(join(folder, 'vestibule'), table(echo));
    const work = { echo, relay, port: vestibule.port, ca: readFileSync(vestibule.authority), cookie: cookieOf(vestibule) };
    // In a thread of their own: the cases are run and waited for in this one.
    const worker = new Worker(new URL(import.meta.url), { workerData: work });
    await new Promise((ready, failed) => worker.once('message', ready).once('error', failed));
    const alone = run(kosoku, echo, join(folder, 'alone'));
    const through = run(kosoku, relay, join(folder, 'through'));
    return report(alone, through);
  } finally {
    await vestibule?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function table(port) {
  return `
[[addon]]
slug = "echo"
title = "Echo"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/echo"
`;
}

function cookieOf(vestibule) {
  const made = [...vestibule.command, 'sessions', 'new', '--user', 'alice'];
  return execFileSync(made[0], made.slice(1), { encoding: 'utf8' }).trim();
}

function run(kosoku, port, outdir) {
  const include = SECTIONS.flatMap((section) => ['--include', section]);
  const args = [...include, '--parallelism', '4', '--outdir', outdir, `127.0.0.1:${port}`];
  const ran = spawnSync(kosoku, args, { encoding: 'utf8', timeout: 600_000 });
  try {
    return Object.values(JSON.parse(readFileSync(join(outdir, 'index.json'), 'utf8')))[0];
  } catch (cause) {
    throw new Error(`kosoku made no report:\n${ran.stdout}${ran.stderr}`, { cause });
  }
}

// Every case must end through the tunnel as well as it ends without: one that the echo server itself fails says nothing.
function report(alone, through) {
  const ended = ({ behavior, behaviorClose }) => `${behavior}, closed ${behaviorClose}`;
  const good = (one) => one !== undefined && [one.behavior, one.behaviorClose].every((word) => GOOD.includes(word));
  const names = Object.keys(alone).sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  const worse = names.filter((name) => !good(through[name]));
  for (const name of worse) {
    console.log(`${name}: ${through[name] ? ended(through[name]) : 'not run'}; without vestibule: ${ended(alone[name])}`);
  }
  console.log(`${names.length - worse.length} of ${names.length} cases pass through vestibule; the echo server alone passes ${names.filter((name) => good(alone[name])).length}`);
  return worse.length === 0 && names.length > 250 ? 0 : 1;
}

async function serve({ echo, relay, port, ca, cookie }) {
  const { Server } = createRequire(join(import.meta.dirname, '../browser/package.json'))('ws');
  const { parentPort } = await import('node:worker_threads');
  const server = new Server({ host: '127.0.0.1', port: echo, perMessageDeflate: false, maxPayload: 0 });
  server.on('connection', (socket) => {
    socket.on('message', (message) => socket.send(message));
    socket.on('error', () => {});
  });
  createServer((client) => pass(client, { port, ca, cookie })).listen(relay, '127.0.0.1', () => parentPort.postMessage('ready'));
}

function pass(client, { port, ca, cookie }) {
  let head = Buffer.alloc(0);
  const onHead = (piece) => {
    head = Buffer.concat([head, piece]);
    const end = head.indexOf('\r\n\r\n');
    if (end < 0) return;
    client.off('data', onHead).pause();
    const upstream = connect({ host: '127.0.0.1', port, servername: 'localhost', ca, ALPNProtocols: ['http/1.1'] }, () => {
      upstream.write(asBrowser(head.subarray(0, end).toString('latin1'), port, cookie));
      upstream.write(head.subarray(end + 4));
      client.pipe(upstream).pipe(client);
    });
    for (const [one, other] of [[client, upstream], [upstream, client]]) {
      one.on('error', () => other.destroy()).on('close', () => other.destroySoon());
    }
  };
  client.setNoDelay(true).on('data', onHead);
}

function asBrowser(head, port, cookie) {
  const lines = head.split('\r\n').slice(1).filter((line) => !/^(host|origin|cookie):/i.test(line));
  const ours = [`GET ${PREFIX} HTTP/1.1`, `Host: localhost:${port}`, `Origin: https://localhost:${port}`, `Cookie: ${cookie}`];
  return [...ours, ...lines, '', ''].join('\r\n');
}
