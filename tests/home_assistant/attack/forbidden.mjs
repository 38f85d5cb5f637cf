// What a user may not read or control, and what stands for it: by the answers of Home Assistant's own engine.

/** Texts that stand nowhere but in what is hidden. */
export const MARKERS = ['marker-state-7f3a', 'marker-attribute-7f3a', 'marker name 7f3a', 'marker-note-7f3a', 'marker-script-7f3a', 'marker-code-7f3a', 'marker-place-7f3a', 'marker-task-7f3a'];

/** More of Home Assistant's configuration: what can be named in the place of an entity. */
export const MORE = `
input_text:
  safe_code:
    name: Safe code
    initial: marker-code-7f3a
registry_of_commands:
`;

/** Things with markers, made by an administrator. Areas and such are those of an entity that is hidden with its whole device. */
export async function hide(admin, ask, rights) {
  const made = async (message) => (await admin.ask(message)).result;
  const floor = await made({ type: 'config/floor_registry/create', name: 'marker-place-7f3a floor' });
  const area = await made({ type: 'config/area_registry/create', name: 'marker-place-7f3a area', floor_id: floor.floor_id });
  const label = await made({ type: 'config/label_registry/create', name: 'marker-place-7f3a label' });
  const registry = await made({ type: 'config/entity_registry/list' });
  const isSeen = (device) => registry.some(({ entity_id: id, device_id: of }) => of === device && rights[id].includes('read'));
  // A part of a device leads to the whole.
  const wholes = (await made({ type: 'config/device_registry/list' })).map(({ parent_device_id: whole }) => whole);
  const lock = registry.find(({ device_id: device }) => device && !isSeen(device) && !wholes.includes(device));
  await made({ type: 'config/entity_registry/update', entity_id: lock.entity_id, area_id: area.area_id, labels: [label.label_id] });
  const attributes = { friendly_name: 'marker name 7f3a', diary: 'marker-attribute-7f3a', device_class: 'enum' };
  await ask('POST', '/api/states/sensor.hidden_diary', { state: 'marker-state-7f3a', attributes });
  const call = (domain, service, service_data) => admin.ask({ type: 'call_service', domain, service, service_data });
  await call('persistent_notification', 'create', { message: 'marker-note-7f3a', title: 'marker-note-7f3a' });
  await call('logbook', 'log', { name: 'marker-note-7f3a', message: 'marker-note-7f3a', entity_id: 'lock.front_door' });
  const lists = (await made({ type: 'get_states' })).filter(({ entity_id: id }) => id.startsWith('todo.'));
  for (const { entity_id } of lists) await call('todo', 'add_item', { entity_id, item: 'marker-task-7f3a' });
  return { area: area.area_id, floor: floor.floor_id, label: label.label_id, id: lock.id, device: lock.device_id };
}

/** Ids of all that this user may not touch, and some that they may. */
export async function targetsOf(admin, rights, places) {
  const ask = async (type) => (await admin.ask({ type })).result;
  const [users, entries] = [await ask('config/auth/list'), await ask('config_entries/get')];
  const hidden = (id) => !rights[id].includes('read');
  const ofDomain = (domain) => Object.keys(rights).sort().find((id) => id.startsWith(`${domain}.`) && hidden(id));
  return {
    ...places,
    entity: 'lock.front_door',
    secrets: Object.values(places),
    ofDomain: (domain) => ofDomain(domain) ?? `${domain}.front_door`,
    permitted: 'light.bed_light',
    readable: Object.keys(rights).sort().find((id) => rights[id].join() === 'read'),
    user: users.find(({ username }) => username === 'owner').id,
    configEntry: entries[0].entry_id,
  };
}
