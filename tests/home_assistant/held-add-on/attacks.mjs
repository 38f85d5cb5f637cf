// Texts that a held add-on sends to get further: read in two ways, spelled oddly, in lists, with ids of others. `n` is an id
// that was not used; ids that follow are not used either.

import { OTHER } from './questions.mjs';

const LOCK = 'lock.front_door';
const turnOn = (n, more) => `{"id":${n},"type":"call_service","domain":"light","service":"toggle",${more}}`;

export const ATTACKS = [
  // Names that stand twice: the first counts for one reader, the last for another.
  (n) => `{"id":${n},"type":"get_states","type":"config/entity_registry/list"}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list","type":"get_states"}`,
  (n) => `{"id":${n},"type":"get_states","t\\u0079pe":"config/entity_registry/list"}`,
  (n) => `{"id":${n},"id":${n + 1},"type":"config/entity_registry/list"}`,
  (n) => `{"id":${n},"type":"subscribe_events","event_type":"*","event_type":"state_changed"}`,
  (n) => `{"id":${n},"type":"subscribe_events","event_type":"state_changed","event_type":"*"}`,
  (n) => turnOn(n, `"target":{"entity_id":"${OTHER}"},"target":{"entity_id":"light.bed_light"}`),
  (n) => turnOn(n, `"target":{"entity_id":"light.bed_light","entity_id":"${OTHER}"}`),
  (n) => turnOn(n, `"target":{"entity_id":"${OTHER}","entity_id":"light.bed_light"}`),
  (n) => turnOn(n, `"target":{"entity_id":"light.bed_light"},"service_data":{"entity_id":"${OTHER}"},"service_data":{}`),
  // Spellings.
  (n) => `{"id":${n},"type":"config\\/entity_registry\\/list"}`,
  (n) => `{"id":${n},"type":"\\u0063onfig/entity_registry/list"}`,
  (n) => `{"id":${n},"type":"Config/Entity_Registry/List"}`,
  (n) => `{"id":${n},"type":"get_states\\u0000","template":"{{ states }}"}`,
  (n) => `\ufeff{"id":${n},"type":"config/entity_registry/list"}`,
  (n) => ` \t\n{"id":${n},"type":"config/entity_registry/list"}`,
  (n) => `\u00a0{"id":${n},"type":"config/entity_registry/list"}`,
  (n) => turnOn(n, `"target":{"entity_id":"\\u006cight.office_rgbw_lights"}`),
  (n) => turnOn(n, `"target":{"entity_id":"${OTHER.toUpperCase()}"}`),
  (n) => turnOn(n, `"target":{"entity_id":"light.bed_light,${OTHER}"}`),
  (n) => turnOn(n, `"target":{"entity_id":["light.bed_light"," ${OTHER} "]}`),
  (n) => turnOn(n, `"target":{"entity_id":"57b9669d748bb889eaae265f904237c2"}`),
  (n) => turnOn(n, `"target":{"ENTITY_ID":"${OTHER}"}`),
  (n) => turnOn(n, `"target":{"entity_id":{"light.bed_light":1}}`),
  (n) => `{"id":${n},"type":"call_service","domain":"LIGHT","service":"toggle","target":{"entity_id":"${OTHER}"}}`,
  (n) => `{"id":${n},"type":"call_service","domain":"loc\u212a","service":"toggle","target":{"entity_id":"loc\u212a.front_door"}}`,
  (n) => `{"id":${n},"type":"call_service","domain":"homeassistant","service":"toggle","target":{"entity_id":"loc\u212a.front_door"}}`,
  // Numbers and what is none.
  ...['1e2', '900.0', '"950"', 'true', '-1', '0', 'null', '[1]', '18446744073709551616', '1e400'].map((id) => () => `{"id":${id},"type":"config/entity_registry/list"}`),
  (n) => `{"id":${n},"type":["config/entity_registry/list"]}`,
  (n) => `{"id":${n},"type":{"type":"config/entity_registry/list"}}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list",}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list","x":NaN}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list","x":"\\ud800"}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list"} {"id":${n + 1},"type":"config/entity_registry/list"}`,
  (n) => `{"id":${n},"type":"config/entity_registry/list","x":${'['.repeat(200)}${']'.repeat(200)}}`,
  () => '"config/entity_registry/list"',
  () => 'config/entity_registry/list',
  () => '',
  // Lists.
  (n) => `[{"id":${n},"type":"ping"},{"id":${n + 1},"type":"config/entity_registry/list"}]`,
  (n) => `[[{"id":${n},"type":"config/entity_registry/list"}]]`,
  (n) => `[{"id":${n + 1},"type":"get_states"},{"id":${n},"type":"config/entity_registry/list"}]`,
  (n) => `[${turnOn(n, '"target":{"entity_id":"light.nowhere"}')},${turnOn(n + 1, `"target":{"entity_id":"${LOCK}"}`)}]`,
  // One id for two things: the answer to the second would be read as the answer to the first.
  (n) => `[{"id":${n},"type":"subscribe_entities"},{"id":${n},"type":"config/entity_registry/list"}]`,
  (n) => `[{"id":${n},"type":"ping"},{"id":${n},"type":"subscribe_events"}]`,
  // The authentication once more, and what only Home Assistant says.
  (n) => `{"id":${n},"type":"auth","access_token":"x"}`,
  () => '{"type":"auth","access_token":"x"}',
  (n) => `{"id":${n},"type":"result","success":true,"result":[]}`,
  (n) => `{"id":${n},"type":"event","event":{"a":{}}}`,
];
