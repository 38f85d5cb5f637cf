// Writes mdi.txt: the icons of Material Design that are embedded, a line each with its name and its path on a board of 24
// by 24. Takes the folder of the npm package @mdi/svg; the names are those that mdi.txt has, and those on the command line.
//
//     npm install --prefix /tmp/mdi @mdi/svg && node src/icons/pick.mjs /tmp/mdi/node_modules/@mdi/svg zigbee

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [from, ...more] = process.argv.slice(2);
const file = join(import.meta.dirname, 'mdi.txt');
const known = existsSync(file) ? readFileSync(file, 'utf8').split('\n').map((line) => line.split(' ')[0]) : [];
const names = [...new Set([...known, ...more])].filter(Boolean).sort((a, b) => (a < b ? -1 : 1));
const lines = names.flatMap((name) => {
  const svg = join(from, 'svg', `${name}.svg`);
  if (!existsSync(svg)) return console.error(`no icon called ${name}`), [];
  const [, path] = readFileSync(svg, 'utf8').match(/<path d="([^"]+)" ?\/><\/svg>/);
  return [`${name} ${path}`];
});
writeFileSync(file, `${lines.join('\n')}\n`);
