// What must not come to a user: of each entity that Home Assistant's own engine does not let them read, its ids, its name and
// its pictures; and of a device without any other entity, its id.

import { isFile } from '../support/recorder.mjs';

/** By what Home Assistant itself shows this user, without vestibule. */
export async function secretsOf({ there, admin }, who) {
  const headers = { authorization: `Bearer ${await there.token(who)}` };
  const readable = new Set((await (await fetch(`${there.url}/api/states`, { headers })).json()).map(({ entity_id }) => entity_id));
  const [states, registry] = [(await admin.ask({ type: 'get_states' })).result, (await admin.ask({ type: 'config/entity_registry/list' })).result];
  const mayRead = ({ entity_id }) => readable.has(entity_id);
  const devices = new Set(registry.filter(mayRead).map(({ device_id }) => device_id));
  const names = ({ attributes }) => attributes?.friendly_name;
  const known = states.filter(mayRead).map(names).filter(Boolean);
  const hidden = states.filter((state) => !mayRead(state));
  const others = registry.filter((entry) => !mayRead(entry) && !readable.has(entry.entity_id));
  const ids = [...hidden, ...others].map(({ entity_id }) => entity_id);
  // A name may be that of something that is seen, or a part of it.
  const places = (await Promise.all(PLACES.map(async (type) => (await admin.ask({ type })).result))).flat();
  known.push(...places.flatMap(({ id, name, name_by_user: own }) => (id ? [] : [name, own])).filter(Boolean));
  known.push((await admin.ask({ type: 'get_config' })).result.location_name);
  // One lower-case word is one of the product's, as `volume` is a class of sensors.
  const theirs = hidden.map(names).filter((name) => name && !/^[a-z]+$/.test(name) && !known.some((other) => other.includes(name)));
  const pictures = hidden.map(({ attributes }) => attributes.entity_picture).filter((picture) => /_proxy/.test(picture));
  const tokens = [...hidden.map(({ attributes }) => attributes.access_token), ...pictures].filter(Boolean);
  // A part of a device leads to the whole.
  const wholes = places.filter(({ id }) => devices.has(id)).map(({ parent_device_id: whole }) => whole);
  return [
    ...[...ids, ...others.map(({ id }) => id)].map((text) => ({ text, kind: 'id' })),
    ...others.map(({ device_id }) => device_id).filter((id) => id && !devices.has(id) && !wholes.includes(id)).map((text) => ({ text, kind: 'id' })),
    ...theirs.map((name) => ({ text: JSON.stringify(name), kind: 'name' })),
    ...tokens.map((text) => ({ text, kind: 'picture' })),
  ].filter((one, place, all) => all.findIndex(({ text }) => text === one.text) === place);
}

/** What of it has come, with where it stood. */
export function leaks(secrets, { sockets = [], answers = [] }) {
  const found = [];
  const search = (where, text, isNeutral, echo = '') => {
    for (const secret of secrets) {
      if ((secret.kind === 'name' && isNeutral) || !text.includes(secret.text) || echo.includes(secret.text)) continue;
      // An id within another one, as `light.bed` in `light.bed_light`.
      if (secret.kind === 'id' && !new RegExp(`(?<![\\w.])${secret.text.replaceAll('.', '\\.')}(?![\\w])`).test(text)) continue;
      const at = text.indexOf(secret.text);
      found.push(`${secret.text} in ${where}: ${text.slice(Math.max(0, at - 100), at + 60)}`);
    }
  };
  for (const { asked, texts } of sockets) {
    const types = typesOf(asked);
    const said = new Map(asked.flatMap(parsed).map((message) => [message.id, JSON.stringify(message)]));
    for (const text of texts) {
      for (const message of parsed(text)) {
        const type = types.get(message.id);
        // An error repeats what it does not understand: that tells nobody more than they have said.
        search(`${type ?? 'a message'}`, JSON.stringify(message), NEUTRAL.includes(type), message.error && said.get(message.id));
      }
      if (parsed(text).length === 0) search('a text that is no JSON', text, false);
    }
  }
  for (const answer of answers) if (!isFile(answer)) search(answer.path, answer.text, !answer.path.startsWith('/api/'));
  return [...new Set(found)];
}

/** The types of messages by their ids. */
export const typesOf = (asked) => new Map(asked.flatMap(parsed).map(({ id, type }) => [id, type]));

const PLACES = ['config/area_registry/list', 'config/floor_registry/list', 'config/label_registry/list', 'config/device_registry/list'];

/** Words of the product: a name may be among them, and says nothing. */
const NEUTRAL = ['frontend/get_translations', 'frontend/get_icons', 'manifest/list', 'get_services', 'get_config'];

export function parsed(text) {
  try {
    return [JSON.parse(text)].flat();
  } catch {
    return [];
  }
}
