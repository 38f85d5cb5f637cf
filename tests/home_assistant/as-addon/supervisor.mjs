// What answers for the Supervisor: what its role `default` may ask of the add-ons, as docs/design/supervisor.md says it. The rest is 403.

import { createServer } from 'node:http';

/** Starts it at its own address; `installed` is what it knows of each add-on, by slug, and may change. */
export async function startSupervisor(token, installed) {
  const asked = [];
  const answer = (request) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.headers.authorization !== `Bearer ${token}`) return [401, '401: Unauthorized'];
    const [, section, slug, kind] = request.url.split('/');
    if (request.method !== 'GET') return [403, '403: Forbidden'];
    if (request.url === '/supervisor/info') {
      const addons = Object.values(installed).map(({ slug, name, state, version }) => ({ slug, name, state, version }));
      return [200, ok({ version: '2026.11.1', channel: 'stable', arch: 'amd64', healthy: true, addons })];
    }
    if (section !== 'addons' || kind !== 'info') return [403, '403: Forbidden'];
    const addon = installed[slug === 'self' ? 'local_vestibule' : slug];
    return addon ? [200, ok(addon)] : [404, JSON.stringify({ result: 'error', message: `App ${slug} does not exist` })];
  };
  const server = createServer((request, response) => {
    const [status, text] = answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  });
  await new Promise((listening) => { server.listen(80, '172.30.32.2', listening); });
  return { asked, stop: () => server.close() };
}

const ok = (data) => JSON.stringify({ result: 'ok', data });

/** An add-on with a web UI, as `/addons/SLUG/info` shows it to the role `default`. */
export function addon(slug, name, address, port) {
  return {
    slug, name, version: '1.0.0', state: 'started', ingress: true, ingress_port: port, ingress_panel: true,
    ingress_entry: '/api/hassio_ingress/PhT6A2zkQnQ', ingress_url: '/api/hassio_ingress/PhT6A2zkQnQ/', ip_address: address,
    hostname: slug.replaceAll('_', '-'), host_network: false, long_description: `# ${name}`, options: {}, url: null,
  };
}
