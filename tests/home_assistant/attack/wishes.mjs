// Messages for each command that Home Assistant has registered: with what is forbidden in every place that its schema has.

/** The messages for a command, without their ids. */
export function wishesFor(type, fields, targets) {
  const wish = (only, entities) => ({ type, ...filled(fields, only, entities, targets) });
  const all = () => true;
  const required = ({ required: is }) => is;
  const wishes = [{ type }];
  for (const entity of [targets.entity, [targets.entity], [targets.permitted, targets.entity], targets.readable, targets.permitted]) {
    wishes.push(wish(required, entity), wish(all, entity));
  }
  const named = Object.keys(fields).filter((name) => ENTITY.test(name));
  for (const name of named.length > 0 ? named : ['entity_id']) {
    for (const spelling of entitySpellings(targets)) wishes.push({ ...wish(required, targets.permitted), [name]: spelling });
  }
  if (type === 'call_service') wishes.push(...calls(targets));
  if (type === 'subscribe_events') for (const event_type of EVENTS) wishes.push({ type, event_type });
  if (type === 'auth/sign_path') for (const path of signable(targets)) wishes.push({ type, path });
  return unique(wishes);
}

/** The calls of every service of the home on what is forbidden. */
export function serviceWishes(services, targets) {
  const type = 'call_service';
  return Object.entries(services).flatMap(([domain, names]) => names.flatMap((service) => {
    const call = (more) => ({ type, domain, service, ...more });
    const hidden = targets.ofDomain(domain);
    return [
      call({}), call({ service_data: {} }), call({ target: { entity_id: hidden } }), call({ target: { entity_id: 'all' } }),
      call({ service_data: { entity_id: [targets.permitted, hidden] } }), call({ service_data: { ...DATA, entity_id: hidden } }),
      call({ target: { entity_id: targets.permitted }, service_data: { ...DATA, entity_id: targets.permitted, media_player: hidden } }),
      call({ target: { area_id: targets.area }, return_response: true }), call({ target: { label_id: targets.label } }),
    ];
  }));
}

function calls(targets) {
  const call = (target, more = {}) => ({ type: 'call_service', domain: 'lock', service: 'unlock', target, ...more });
  const { entity, permitted } = targets;
  return [
    ...entitySpellings(targets).map((entity_id) => call({ entity_id })),
    ...targetForms(targets).flatMap((target) => ['lock.unlock', 'homeassistant.turn_off', 'light.turn_on'].map((name) => {
      const [domain, service] = name.split('.');
      return call(target, { domain, service });
    })),
    call({ entity_id: permitted }, { service_data: { entity_id: entity } }),
    call({ entity_id: permitted, target: { entity_id: entity } }),
    call({ target: { entity_id: entity } }),
    call(undefined, { service_data: { target: { entity_id: entity } } }),
    call({ entity_id: entity }, { domain: 'LOCK', service: 'UNLOCK' }),
    call({ entity_id: entity }, { domain: 'lock.unlock', service: '' }),
    call(undefined, { domain: 'group', service: 'set', service_data: { object_id: 'mine', entities: [entity] } }),
    call(undefined, { domain: 'scene', service: 'apply', service_data: { entities: { [entity]: 'unlocked' } } }),
    call(undefined, { domain: 'scene', service: 'create', service_data: { scene_id: 'mine', snapshot_entities: [entity] } }),
    ...['turn_on', 'evening'].map((service) => call({ entity_id: 'scene.evening' }, { domain: 'scene', service })),
    ...['turn_on', 'toggle', 'open_door', 'everything_off'].map((service) => call({ entity_id: 'script.open_door' }, { domain: 'script', service })),
    ...['open_door', 'everything_off', 'reload'].map((service) => call(undefined, { domain: 'script', service })),
    call({ entity_id: permitted }, { domain: 'light', service: 'turn_on', service_data: { effect: `{{ states('${entity}') }}` } }),
  ];
}

const targetForms = ({ entity, permitted, id, device, area, floor, label }) => [
  { area_id: area }, { area_id: [area] }, { device_id: device }, { floor_id: floor }, { label_id: label },
  { entity_id: permitted, area_id: area }, { entity_id: permitted, label_id: [label] }, { entity_id: [permitted, id] },
  { entity_id: 'group.downstairs' }, { entity_id: [permitted, 'group.downstairs'] }, { area_id: 'all' }, { entity_id: 'all', exclude: { entity_id: permitted } },
  { device_id: [device, device] }, { AREA_ID: area }, { area: area }, { entity_id: { entity_id: entity } },
];

const entitySpellings = ({ entity, permitted, id }) => [
  entity, [entity], entity.toUpperCase(), ` ${entity} `, `${permitted},${entity}`, `${permitted}, ${entity}`, [permitted, entity], [[entity]],
  [[permitted], [entity]], { [entity]: true }, 'all', ['all'], 'ALL', 'none', id, [permitted, id], `${entity}\u0000`, `${permitted}\n${entity}`,
  entity.replace('k', '\u212a'), '*', 'group.downstairs', 'script.open_door', 'scene.evening', `{{ '${entity}' }}`,
];

const signable = ({ ofDomain }) => [
  '/api/states', '/api/error_log', '/api/stream', '/api/history/period', '/api/template', `/api/camera_proxy/${ofDomain('camera')}`,
  `/api/image_proxy/${ofDomain('image')}`, `/api/media_player_proxy/${ofDomain('media_player')}`, `/api/camera_proxy_stream/${ofDomain('camera')}`,
];

/** Fields filled in by their names, and else by what may stand there. */
function filled(fields, isWanted, entity, targets) {
  const wanted = Object.entries(fields).filter(([, field]) => isWanted(field));
  return Object.fromEntries(wanted.map(([name, { kind }]) => [name, valueOf(name, kind, entity, targets)]));
}

function valueOf(name, kind, entity, targets) {
  const isList = kind?.list !== undefined || JSON.stringify(kind).includes('"list"') || /s$/.test(name);
  const many = (value) => (isList ? [value].flat() : value);
  if (ENTITY.test(name)) return many(entity);
  const known = BY_NAME.find(([pattern]) => pattern.test(name));
  if (known) return known[1](targets, many);
  return ofKind(kind, entity, targets);
}

function ofKind(kind, entity, targets) {
  if (kind?.in) return kind.in[0] ?? 'x';
  if (kind?.list !== undefined) return [ofKind(kind.list, entity, targets)];
  if (kind?.fields) return filled(kind.fields, () => true, entity, targets);
  if (kind?.any) return ofKind(kind.any[0], entity, targets);
  return { int: 1, float: 1, positive_int: 1, Coerce: 1, Range: 1, bool: true, boolean: true, dict: {}, list: [] }[kind] ?? 'x';
}

const ENTITY = /^(entity|entities|.*entity_ids?|.*statistic_ids?|item_id|media_player)$/;
const ACTIONS = ({ entity }) => [{ action: 'lock.unlock', target: { entity_id: entity } }];
const BY_NAME = [
  [/^area(_id)?s?$/, ({ area }, many) => many(area)],
  [/^device(_id)?s?$/, ({ device }, many) => many(device)],
  [/^floor(_id)?s?$/, ({ floor }, many) => many(floor)],
  [/^label(_id)?s?$/, ({ label }, many) => many(label)],
  [/^target$/, ({ entity }) => ({ entity_id: [entity] })],
  [/^item_type$/, () => 'entity'],
  [/template|value/, ({ entity }) => `{{ states('${entity}') }}{{ states | map(attribute='state') | list }}`],
  [/^(sequence|actions?)$/, ACTIONS],
  [/^triggers?$/, ({ entity }) => [{ trigger: 'state', entity_id: entity }]],
  [/^conditions?$/, ({ entity }) => ({ condition: 'state', entity_id: entity, state: 'locked' })],
  [/^event_type$/, () => 'state_changed'],
  [/^domain$/, () => 'lock'],
  [/^service$/, () => 'unlock'],
  [/^service_data$/, ({ entity }) => ({ entity_id: entity })],
  [/time|start|end/, () => new Date(Date.now() - 3_600_000).toISOString()],
  [/^(path|url|endpoint)$/, () => '/api/states'],
  [/media_content_id/, ({ ofDomain }) => `media-source://camera/${ofDomain('camera')}`],
  [/^(text|sentence|intent_input)s?$/, (_, many) => many('unlock the front door')],
  [/^user(_id)?$/, ({ user }) => user],
  [/entry/, ({ configEntry }) => configEntry],
  [/^config$/, (targets) => ({ alias: 'mine', actions: ACTIONS(targets), sequence: ACTIONS(targets) })],
];
const EVENTS = ['*', '', 'state_changed', 'state_reported', 'call_service', 'entity_registry_updated', 'automation_triggered', 'script_started', 'logbook_entry', 'recorder_5min_statistics_generated', 'homeassistant_final_write', null, 7, ['state_changed', 'call_service']];
const DATA = { message: 'unlock the front door', text: 'x', value: 1, option: 'x', media_content_id: 'media-source://camera/camera.demo_camera', media_content_type: 'video', filename: '/config/www/x', code: '1234', name: 'mine', item: 'mine', data: {} };

const unique = (wishes) => [...new Map(wishes.map((wish) => [JSON.stringify(wish), wish])).values()];
