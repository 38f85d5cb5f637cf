// Calendars over WebDAV, as the signed-in user.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALICE, FRANK } from '../support/people.mjs';
import { open, visit } from '../support/visitor.mjs';

const PREFIX = '/ingress/radicale/';

export function calendars(stage) {
  test('a calendar is made, filled, moved within and listed as the signed-in user, and is nobody else\'s', () =>
    visit(stage, async (page) => {
      await open(page, `${PREFIX}.web/`, ALICE);
      const home = `${PREFIX}${ALICE.name}/`;
      assert.equal((await dav(page, 'MKCALENDAR', `${home}family/`)).status, 201);
      const event = EVENT.join('\r\n');
      assert.equal((await dav(page, 'PUT', `${home}family/one.ics`, event, { 'Content-Type': 'text/calendar' })).status, 201);
      // Both forms of the header: an absolute address, and a path alone.
      const origin = stage.vestibule.origin;
      const moved = await dav(page, 'MOVE', `${home}family/one.ics`, undefined, { Destination: `${origin}${home}family/two.ics` });
      assert.equal(moved.status, 201, moved.body);
      const again = await dav(page, 'MOVE', `${home}family/two.ics`, undefined, { Destination: `${home}family/three.ics` });
      assert.equal(again.status, 201, again.body);
      const abroad = await dav(page, 'MOVE', `${home}family/three.ics`, undefined, { Destination: `${origin}/ingress/whoami/x` });
      assert.equal(abroad.status, 403, 'nothing leads out of an add-on');
      const listed = await dav(page, 'PROPFIND', home, undefined, { Depth: '1' });
      assert.equal(listed.status, 207);
      assert.match(listed.body, new RegExp(`<href>${home}family/</href>`), 'with the prefix under which the browser finds it');
      const found = await dav(page, 'REPORT', `${home}family/`, REPORT, { Depth: '1', 'Content-Type': 'application/xml' });
      assert.equal(found.status, 207);
      assert.match(found.body, /three\.ics/);
      assert.match(found.body, /SUMMARY:Dinner/);
      await visit(stage, async (other) => {
        await open(other, `${PREFIX}.web/`, FRANK);
        assert.equal((await dav(other, 'PROPFIND', home, undefined, { Depth: '1' })).status, 403, 'frank is frank');
      });
    }));

  test('its own page works: the redirect to it, its styles and scripts, and the calendars of the user', () =>
    visit(stage, async (page, seen) => {
      await open(page, `${PREFIX}.web/`, ALICE);
      await page.goto(PREFIX);
      assert.equal(new URL(page.url()).pathname, `${PREFIX}.web/`, 'the root leads to the page, under the prefix');
      await page.locator('#loginscene input[data-name=user]').fill(ALICE.name);
      await page.locator('#loginscene input[data-name=password]').fill('not asked for');
      await page.locator('#loginscene button', { hasText: 'Next' }).click();
      await page.locator('#collectionsscene').waitFor();
      await page.getByText('family').first().waitFor();
      const outside = seen.requests.filter((url) => !new URL(url).pathname.startsWith(PREFIX) && !url.includes('/.vestibule/'));
      assert.deepEqual(outside.filter((url) => !/^(data|blob):/.test(url)), []);
      assert.deepEqual(seen.failures, []);
    }));
}

function dav(page, method, path, body, headers = {}) {
  const ask = async ([method, path, body, headers]) => {
    const answer = await fetch(path, { method, body, headers });
    return { status: answer.status, body: await answer.text() };
  };
  return page.evaluate(ask, [method, path, body, headers]);
}

const EVENT = [
  'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//vestibule//tests//EN', 'BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20260101T000000Z',
  'DTSTART:20260102T180000Z', 'DTEND:20260102T190000Z', 'SUMMARY:Dinner', 'END:VEVENT', 'END:VCALENDAR', '',
];

const REPORT = `<?xml version="1.0"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><D:getetag/><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"/></C:filter>
</C:calendar-query>`;
