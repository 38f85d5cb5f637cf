// The table of an add-on as docs/add-ons.md has it, so that what is documented is what is tried.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const DOCUMENT = join(import.meta.dirname, '..', '..', 'docs', 'add-ons.md');

/** The table with this slug, with another address; on `host` instead of under its path when there is one. */
export function documented(slug, port, host) {
  const blocks = readFileSync(DOCUMENT, 'utf8').split('```toml\n').slice(1).map((rest) => rest.split('```')[0]);
  const block = blocks.find((text) => text.includes(`slug = "${slug}"`));
  if (!block) throw new Error(`docs/add-ons.md has no block for ${slug}`);
  const moved = block.replace(/^upstream = .*$/m, `upstream = "http://127.0.0.1:${port}"`);
  return `\n${host ? moved.replace(/^path = .*$/m, `host = "${host}"`) : moved}`;
}
