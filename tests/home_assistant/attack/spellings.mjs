// One message in many spellings, as texts.

/** The texts for a message. `id` gives the next id, each of which may be used once. */
export function spellings(wish, id) {
  const { type } = wish;
  const say = (more = {}) => JSON.stringify({ id: id(), ...wish, ...more });
  return [
    say(),
    `[${say()}]`,
    `[${JSON.stringify({ id: id(), type: 'ping' })}, ${say()}, [${say()}]]`,
    say({ extra: 'x', entity_ids: ['all'] }),
    say({ type: type.toUpperCase() }),
    say({ type: `${type} ` }),
    say({ type: `/${type}` }),
    say({ type: 7 }),
    say({ type: [type] }),
    say({ id: `${id()}` }),
    say({ id: id() + 0.5 }),
    numbersForStrings({ id: id(), ...wish }),
    // Of keys that stand twice one counts, and which one differs between readers.
    JSON.stringify({ id: id(), ...wish }).replace(/\}$/, ',"type":"ping"}'),
    `{"id":${id()},"type":"ping",${JSON.stringify(wish).slice(1)}`,
    twice({ id: id(), ...wish }),
    ...reused(say()),
    escaped(say()),
    `\uFEFF${say()}`,
    `${say()} ${say()}`,
  ];
}

/** Twice with one id, and as something else the first time. */
function reused(text) {
  return [JSON.stringify({ id: JSON.parse(text).id, type: 'ping' }), text, text];
}

function numbersForStrings(message) {
  return JSON.stringify(message, (name, value) => (typeof value === 'string' && name !== 'type' ? 7 : value));
}

/** Each field first with what is permitted, and then with what is wished. */
function twice(message) {
  const pairs = Object.entries(message).filter(([name]) => name !== 'id' && name !== 'type');
  const harmless = pairs.map(([name, value]) => `${JSON.stringify(name)}:${Array.isArray(value) ? '["light.bed_light"]' : '"light.bed_light"'}`);
  const wished = pairs.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{"id":${message.id},"type":${JSON.stringify(message.type)}${[...harmless, ...wished].map((pair) => `,${pair}`).join('')}}`;
}

/** The same JSON with its letters as escapes. */
function escaped(text) {
  return text.replace(/"((?:[^"\\]|\\.)*)"/g, (whole) => whole.replace(/(?<!\\u?[0-9a-f]*)[a-z](?=[a-z_./ ])/g, (letter) => `\\u00${letter.charCodeAt(0).toString(16)}`));
}
