// Programs that a run starts: each writes its output to a file, and none outlives the run.

import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { until } from './conditions.mjs';

const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

/** A port of the loopback interface that nothing listens on just now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program; what it prints goes to `log`. */
export function start(program, args, { log, ...options }) {
  const file = openSync(log, 'a');
  const child = spawn(program, args, { ...options, stdio: ['ignore', file, file] });
  running.add(child);
  let ended;
  child.once('error', (error) => { ended = error.message; });
  child.once('exit', (code, signal) => { ended ??= `${signal ?? code}`; running.delete(child); });
  return {
    pid: child.pid,
    output: () => readFileSync(log, 'utf8'),
    /** Waits until `ready` answers something truthy; fails at once, with the output, when the program ends first. */
    async ready(ready, milliseconds = 60_000) {
      await until(`${program} is ready`, async () => ended !== undefined || (await ready()), milliseconds);
      if (ended !== undefined) throw new Error(`${program} ended (${ended}):\n${readFileSync(log, 'utf8')}`);
    },
    async stop() {
      if (ended !== undefined) return;
      child.kill('SIGTERM');
      await until(`${program} ends`, () => ended !== undefined, 10_000).catch(() => child.kill('SIGKILL'));
    },
  };
}
