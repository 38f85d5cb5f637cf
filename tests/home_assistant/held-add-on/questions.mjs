// What two add-ons ask over the WebSocket, and what becomes of it for the one that is held to three lights.

export const SEEN = ['light.bed_light', 'light.ceiling_lights', 'light.house'];
export const OTHER = 'light.office_rgbw_lights';

const call = (domain, service, more) => ({ type: 'call_service', domain, service, ...more });
const one = { entity_id: 'light.bed_light' };

/** Answered, as far as the three go. */
export const ANSWERED = [
  { type: 'ping' },
  { type: 'get_states' },
  call('light', 'turn_on', { target: one, service_data: { brightness: 99 } }),
  call('light', 'toggle', { target: { entity_id: SEEN } }),
  call('homeassistant', 'turn_off', { service_data: { entity_id: 'light.ceiling_lights' } }),
  // Home Assistant says no: there is no such service, and this one answers nothing.
  call('light', 'no_such_service', { target: one }),
  call('light', 'turn_on', { target: one, return_response: true }),
  call('light', 'turn_on', { target: one, service_data: { brightness: 'light.bed_light' } }),
];

/** Refused here, so that Home Assistant never hears of it. */
export const REFUSED = [
  // What tells of everything.
  { type: 'config/entity_registry/list' },
  { type: 'config/entity_registry/list_for_display' },
  { type: 'config/entity_registry/get', entity_id: OTHER },
  { type: 'config/entity_registry/get', entity_id: 'light.bed_light' },
  { type: 'config/device_registry/list' },
  { type: 'config/area_registry/list' },
  { type: 'config/label_registry/list' },
  { type: 'config/auth/list' },
  { type: 'config_entries/get' },
  { type: 'get_config' },
  { type: 'get_services' },
  { type: 'get_panels' },
  { type: 'entity/source' },
  { type: 'person/list' },
  { type: 'manifest/list' },
  { type: 'system_log/list' },
  { type: 'lovelace/config' },
  { type: 'search/related', item_type: 'entity', item_id: 'light.bed_light' },
  { type: 'extract_from_target', target: { area_id: ['kitchen'] } },
  { type: 'get_services_for_target', target: { area_id: ['kitchen'] } },
  { type: 'recorder/list_statistic_ids' },
  { type: 'history/history_during_period', start_time: '2026-01-01T00:00:00Z', entity_ids: [OTHER] },
  { type: 'history/stream', start_time: '2026-01-01T00:00:00Z', entity_ids: ['light.bed_light'] },
  { type: 'logbook/get_events', start_time: '2026-01-01T00:00:00Z' },
  { type: 'logbook/event_stream', start_time: '2026-01-01T00:00:00Z' },
  { type: 'camera/stream', entity_id: 'camera.demo_camera' },
  { type: 'media_source/browse_media' },
  { type: 'calendar/event/subscribe', entity_id: 'calendar.calendar_1' },
  { type: 'todo/item/list', entity_id: 'todo.anything' },
  // What reads anything.
  { type: 'render_template', template: '{{ states | map(attribute="entity_id") | list }}' },
  { type: 'subscribe_trigger', trigger: { platform: 'state', entity_id: OTHER } },
  { type: 'test_condition', condition: { condition: 'state', entity_id: OTHER, state: 'on' } },
  { type: 'subscribe_condition', condition: { condition: 'state', entity_id: OTHER, state: 'on' } },
  { type: 'validate_config', actions: [] },
  { type: 'subscribe_events' },
  { type: 'subscribe_events', event_type: '*' },
  { type: 'subscribe_events', event_type: 'call_service' },
  { type: 'subscribe_events', event_type: 'entity_registry_updated' },
  { type: 'subscribe_events', event_type: 'STATE_CHANGED' },
  { type: 'subscribe_entities', entity_ids: [OTHER] },
  { type: 'subscribe_entities', entity_ids: ['light.bed_light', OTHER] },
  { type: 'subscribe_entities', include: { domains: ['lock'] } },
  { type: 'subscribe_entities', exclude: { domains: ['lock'] } },
  // What does anything.
  { type: 'execute_script', sequence: [{ action: 'light.turn_off', target: { entity_id: OTHER } }] },
  { type: 'fire_event', event_type: 'state_changed', event_data: {} },
  { type: 'intent/handle', name: 'HassTurnOff', data: { name: 'all' } },
  { type: 'conversation/process', text: 'turn off all lights' },
  { type: 'config/entity_registry/update', entity_id: 'light.bed_light', name: 'Mine' },
  { type: 'auth/long_lived_access_token', client_name: 'mine', lifespan: 365 },
  { type: 'auth/current_user' },
  { type: 'auth/sign_path', path: '/api/camera_proxy/camera.demo_camera' },
  { type: 'supervisor/api', endpoint: '/info' },
  // Services that reach further than the three.
  call('light', 'turn_on'),
  call('light', 'turn_on', { target: { entity_id: 'all' } }),
  call('light', 'turn_on', { target: { entity_id: OTHER } }),
  call('light', 'turn_on', { target: { entity_id: ['light.bed_light', OTHER] } }),
  call('light', 'turn_on', { target: one, service_data: { entity_id: OTHER } }),
  call('light', 'turn_on', { target: { area_id: 'kitchen' } }),
  call('light', 'turn_on', { target: { floor_id: 'ground_floor' } }),
  call('light', 'turn_on', { target: { label_id: 'guests_ok' } }),
  call('light', 'turn_on', { target: { ...one, device_id: 'ba0baf74c24bcfece0afe2539f7e0a6f' } }),
  call('light', 'turn_on', { target: { ...one, exclude: { area_id: 'kitchen' } } }),
  call('homeassistant', 'turn_on', { target: { entity_id: 'group.downstairs' } }),
  call('homeassistant', 'restart', { target: one }),
  call('homeassistant', 'update_entity', { target: one }),
  call('script', 'turn_on', { target: { entity_id: 'script.everything_off' }, service_data: { variables: { x: 1 } } }),
  call('script', 'everything_off', { service_data: one }),
  call('scene', 'apply', { service_data: { entities: { [OTHER]: 'on' } } }),
  call('scene', 'apply', { service_data: { entities: { 'light.bed_light': 'on' } } }),
  call('lock', 'unlock', { target: { entity_id: 'lock.front_door' } }),
  call('light', 'turn_on', { target: one, service_data: { profile: '{{ states("lock.front_door") }}' } }),
  call('weather', 'get_forecasts', { target: { entity_id: 'weather.demo_weather_south' }, return_response: true }),
];

/** What one is refused that may do everything, but nothing with locks, cameras and one player. */
export const HIDDEN = ['lock.', 'camera.', 'media_player.walkman'];
const player = { entity_id: 'media_player.lounge_room' };
export const REFUSED_TO_MANY = [
  call('lock', 'unlock', { target: { entity_id: 'lock.front_door' } }),
  call('homeassistant', 'toggle', { target: { entity_id: 'group.downstairs' } }),
  call('script', 'open_door', {}),
  call('script', 'open_door', { service_data: { entity_id: 'script.everything_off' } }),
  call('scene', 'apply', { service_data: { entities: { 'lock.front_door': 'unlocked' } } }),
  call('conversation', 'process', { service_data: { entity_id: 'conversation.home_assistant', text: 'unlock the front door' } }),
  call('media_player', 'join', { target: player, service_data: { group_members: ['MEDIA_PLAYER.WALKMAN'] } }),
  call('media_player', 'join', { target: player, service_data: { group_members: 'media_player.bedroom, media_player.Wal\u212aman' } }),
  call('media_player', 'play_media', { target: player, service_data: { media_content_type: 'video', media_content_id: 'media-source://camera/camera.demo_camera' } }),
  call('tts', 'speak', { service_data: { entity_id: 'tts.demo', media_player_entity_id: 'Media_Player.Walkman', message: 'hello' } }),
];

/** Below /core/api, with what is asked of it. */
export const REFUSED_REST = [
  ['GET', '/config'], ['GET', '/components'], ['GET', '/events'], ['GET', '/services'], ['GET', '/error_log'],
  ['GET', '/core/state'], ['GET', '/discovery_info'], ['GET', '/stream'], ['GET', '/states/lock.front_door'],
  ['GET', '/states/lock.nowhere'], ['GET', '/states/LIGHT.BED_LIGHT'], ['GET', '/states/light.bed_light?x'],
  ['GET', '/history/period'], ['GET', '/history/period?filter_entity_id=light.bed_light'], ['GET', '/logbook'],
  ['GET', '/camera_proxy/camera.demo_camera'], ['GET', '/camera_proxy_stream/camera.demo_camera'],
  ['GET', '/image_proxy/image.qr_code'], ['GET', '/media_player_proxy/media_player.walkman'],
  ['GET', '/calendars'], ['GET', '/calendars/calendar.calendar_1?start=2026-01-01&end=2027-01-01'],
  ['GET', '/diagnostics/config_entry/x'], ['GET', '/google_assistant'], ['GET', '/backup/info'],
  ['POST', '/template', { template: '{{ states("lock.front_door") }}' }],
  ['POST', '/states/light.bed_light', { state: 'on' }], ['DELETE', '/states/light.bed_light'],
  ['POST', '/events/state_changed', {}], ['POST', '/events/call_service', { domain: 'lock', service: 'unlock' }],
  ['POST', '/intent/handle', { name: 'HassTurnOff', data: { name: 'all' } }],
  ['POST', '/conversation/process', { text: 'turn off all lights' }],
  ['POST', '/config/core/check_config', {}], ['POST', '/webhook/x', {}],
  ['POST', '/services/lock/unlock', { entity_id: 'lock.front_door' }], ['POST', '/services/light/turn_on', {}],
  ['POST', '/services/light/turn_on', { entity_id: 'all' }], ['POST', '/services/light/turn_on', { area_id: 'kitchen' }],
  ['POST', '/services/script/everything_off', { entity_id: 'light.bed_light' }],
  ['POST', '/services/light/turn_on?return_response&x', { entity_id: 'light.bed_light' }],
  ['POST', '/services/homeassistant/restart', { entity_id: 'light.bed_light' }],
];
