// What happens at home meanwhile, as Home Assistant tells an administrator.

/** All that a user who is held may not have changed, as it is now. That somebody knocks in vain Home Assistant notes itself. */
export async function inventory(admin) {
  const all = {};
  for (const type of LISTS) {
    const { success, result } = await admin.ask({ type });
    if (success) all[type] = Array.isArray(result) ? result.filter(({ notification_id: id }) => id !== 'http-login') : result;
  }
  const states = (await admin.ask({ type: 'get_states' })).result;
  // The demo's storms come and go by themselves.
  all['ids of states'] = states.map(({ entity_id: id }) => id).filter((id) => !id.startsWith('geo_location.')).sort();
  for (const { entity_id } of states.filter(({ entity_id: id }) => id.startsWith('todo.'))) {
    all[`todo ${entity_id}`] = (await admin.ask({ type: 'todo/item/list', entity_id })).result;
  }
  return all;
}

/** What differs between two inventories. */
export function differences(before, after) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .map((name) => `${name}: ${difference(before[name], after[name])}`);
}

function difference(before, after) {
  const parts = (value) => new Set((Array.isArray(value) ? value : Object.entries(value ?? {})).map((one) => JSON.stringify(one)));
  const [old, now] = [parts(before), parts(after)];
  return [...[...now].filter((one) => !old.has(one)).map((one) => `+${one}`), ...[...old].filter((one) => !now.has(one)).map((one) => `-${one}`)].join(' ').slice(0, 600);
}

/** Everything that happens with this user as its cause, and is about what they may not control. */
export async function deedsOf(admin, user, rights) {
  const { id } = await admin.ask({ type: 'subscribe_events' });
  // Of what is not there nothing can change.
  const mayControl = (entity) => !rights[entity] || rights[entity].includes('control') || FOLLOWS.includes(entity);
  const areTheirs = ({ entity_id: named = [] } = {}) => [named].flat().length > 0 && [named].flat().every(mayControl);
  return () => admin.events(id).filter(({ context }) => context?.user_id === user).filter(({ event_type: type, data }) => {
    if (type === 'state_changed') return !mayControl(data.entity_id);
    return type !== 'call_service' || !areTheirs(data.service_data);
  }).map(({ event_type: type, data }) => `${type} ${JSON.stringify(data).slice(0, 300)}`);
}

/** What goes with a light that they may control: the switch that a template light is, and a group's own state. */
const FOLLOWS = ['input_boolean.guest_mode', 'group.downstairs'];

const LISTS = [
  'config/area_registry/list', 'config/auth/list', 'config/device_registry/list', 'config/entity_registry/list', 'config/floor_registry/list', 'config/label_registry/list',
  'config_entries/get', 'config_entries/flow/progress', 'energy/get_prefs', 'frontend/get_themes', 'get_config', 'homeassistant/expose_entity/list', 'input_boolean/list', 'input_button/list', 'input_datetime/list',
  'input_number/list', 'input_select/list', 'input_text/list', 'counter/list', 'timer/list', 'schedule/list', 'lovelace/config', 'lovelace/dashboards/list', 'lovelace/resources', 'person/list', 'persistent_notification/get',
  'tag/list', 'zone/list', 'shopping_list/items', 'logger/log_info', 'application_credentials/config_entry', 'application_credentials/list', 'blueprint/list', 'assist_pipeline/pipeline/list', 'get_panels', 'get_services', 'repairs/list_issues', 'backup/info', 'mobile_app/list',
];
