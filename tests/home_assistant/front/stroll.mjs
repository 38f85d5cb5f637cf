// A person who opens everything that the front end offers, and what happens at home meanwhile.

import { until } from '../../browser/support/conditions.mjs';

/** Opens every page and what can be opened on it, again and again until `end`, and at least once. */
export async function stroll(page, seen, end) {
  const known = await page.waitForFunction(() => document.querySelector('home-assistant')?.hass?.panels);
  const panels = await known.evaluate((all) => Object.values(all).map(({ url_path: path }) => path));
  await quiet(seen);
  const pages = [...new Set(['lovelace/0', ...panels, ...PAGES])];
  do {
    for (const path of pages) {
      await go(page, seen, `/${path}`);
      await open(page, seen, 'ha-card, hui-tile-card, state-badge');
    }
  } while (Date.now() < end);
}

const PAGES = ['profile/security', 'config/areas/dashboard', 'config/integrations/dashboard', 'developer-tools/state', 'lovelace/hidden'];

/** Clicks on a few of these, and closes what that opens. */
async function open(page, seen, selector) {
  const all = page.locator(selector);
  const count = Math.min(await all.count(), MOST);
  for (let place = 0; place < count; place += 1) {
    const at = page.url();
    await all.nth(place).click({ timeout: 1_000, position: { x: 20, y: 20 } }).catch(() => {});
    await quiet(seen, 500);
    await page.keyboard.press('Escape');
    if (page.url() !== at) await go(page, seen, new URL(at).pathname);
  }
}

/** Goes to a page as a link of the front end does. */
async function go(page, seen, path) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    window.dispatchEvent(new CustomEvent('location-changed', { detail: { replace: false } }));
  }, path);
  await quiet(seen);
}

/** Waits until nothing comes for a moment that was asked for: what changes at home comes always. */
async function quiet(seen, still = 1_000) {
  let [before, since] = [-1, Date.now()];
  const count = () => seen.messages + seen.answers.length;
  await until('the page is still', () => {
    if (count() !== before) [before, since] = [count(), Date.now()];
    return Date.now() - since > still;
  }, 20_000).catch(() => {});
}

const MOST = 8;

/** Lights, locks, switches and sensors change, until `changing.on` is no more. */
export async function happen({ there, admin }, changing) {
  const entities = (await admin.ask({ type: 'get_states' })).result.map(({ entity_id }) => entity_id);
  const of = (domain) => entities.filter((id) => id.startsWith(`${domain}.`));
  const call = (domain, service, entity_id) => ({ type: 'call_service', domain, service, target: { entity_id } });
  const [lights, switches] = [of('light'), of('switch')];
  for (let turn = 0; changing.on; turn += 1) {
    const pick = (list) => list[turn % list.length];
    const acts = [
      call('light', 'toggle', pick(lights)), call('switch', 'toggle', pick(switches)), call('lock', pick(['lock', 'unlock']), 'lock.front_door'),
      call('cover', 'toggle', 'cover.kitchen_window'), call('scene', 'turn_on', 'scene.evening'),
      { type: 'config/entity_registry/update', entity_id: 'light.office_rgbw_lights', icon: `mdi:numeric-${turn % 10}` },
      { type: 'fire_event', event_type: 'doorbell', event_data: { entity_id: pick(entities) } },
    ];
    await admin.ask(pick(acts));
    await new Promise((later) => { setTimeout(later, 100); });
  }
  return there;
}
