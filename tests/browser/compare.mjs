// Which of our own pages look otherwise than in docs/screenshots: `npm run screenshots:compare [NAME...]`. It takes the pictures
// anew and names those that differ, with the share of their pixels; the new ones are kept for a look. Ids and times differ from
// run to run, which is less than the share that counts.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

/** So much of a picture may differ, of a hundred. */
const SHARE = 0.6;

const names = process.argv.slice(2);
const before = resolve(import.meta.dirname, '../../docs/screenshots');
const now = mkdtempSync(join(tmpdir(), 'vestibule-screenshots-'));
const taken = spawnSync(process.execPath, [join(import.meta.dirname, 'screenshots.mjs'), now, ...names], { stdio: 'inherit' });
if (taken.status !== 0) process.exit(taken.status ?? 1);

const pictures = (folder) => readdirSync(folder).filter((file) => file.endsWith('.png'));
const meant = (file) => names.length === 0 || names.some((name) => file.replace(/-(phone|desk)-(light|dark)\.png$/, '') === name);
const changed = [];
for (const file of new Set([...pictures(before).filter(meant), ...pictures(now)])) {
  if (!pictures(before).includes(file)) changed.push(`${file}: new`);
  else if (!pictures(now).includes(file)) changed.push(`${file}: not taken any more`);
  else {
    const share = difference(read(before, file), read(now, file));
    if (share > SHARE) changed.push(`${file}: ${share.toFixed(1)} % differ`);
  }
}
if (changed.length === 0) {
  console.log('no page has changed');
  rmSync(now, { recursive: true });
} else {
  console.log(`${changed.sort().join('\n')}\nthe new pictures are in ${now}`);
  process.exitCode = 1;
}

function read(folder, file) {
  return PNG.sync.read(readFileSync(join(folder, file)));
}

/** The share of pixels that differ, of a hundred; all of them where the sizes do. */
function difference(one, other) {
  if (one.width !== other.width || one.height !== other.height) return 100;
  const pixels = pixelmatch(one.data, other.data, undefined, one.width, one.height, { threshold: 0.1 });
  return (pixels * 100) / (one.width * one.height);
}
