// What docs/add-ons.md has for an add-on: its table, and its own settings. What is documented is what is tried.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'add-ons.md');

/** The table with this slug, with another address; on `host` instead of under its path when there is one. */
export function documented(slug, port, host) {
  const moved = block(slug, 'toml').replace(/^upstream = .*$/m, `upstream = "http://127.0.0.1:${port}"`);
  return `\n${host ? moved.replace(/^path = .*$/m, `host = "${host}"`) : moved}`;
}

/** The first block of this language in the section that has the table with this slug. */
export function block(slug, language) {
  const sections = readFileSync(DOCUMENT, 'utf8').split('\n## ');
  const section = sections.find((text) => text.includes(`\nslug = "${slug}"\n`));
  const found = section?.split(`\n\`\`\`${language}\n`)[1]?.split('```')[0];
  if (!found) throw new Error(`docs/add-ons.md has no block of ${language} for ${slug}`);
  return found;
}

/** The arguments of the command in the section's block of `sh`. */
export const commandLine = (slug) => block(slug, 'sh').split(/[\s\\]+/).filter(Boolean).slice(1);
