// An add-on that is away, and comes back while somebody waits for it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { FRANK } from '../support/people.mjs';
import { fillIn, visit } from '../support/visitor.mjs';

export const awayAddon = (port) => `
[[addon]]
slug = "away"
title = "The one that is late"
upstream = "http://127.0.0.1:${port}"
path = "/ingress/away"
`;

export function away(stage) {
  test('its page says which add-on is away, breaks no rule of its own, and shows it as soon as it answers', () =>
    visit(stage, async (page, seen) => {
      await page.goto('/ingress/away/deep?x=1');
      await fillIn(page, FRANK);
      await page.getByRole('heading', { name: 'The one that is late is not running' }).waitFor();
      await page.getByRole('link', { name: 'Try again' }).waitFor();
      assert.deepEqual(seen.complaints.filter((line) => !line.includes('status of 502')), [], 'the policy lets the script run');
      const methods = [];
      const late = createServer((request, response) => {
        methods.push(request.method);
        response.setHeader('Content-Type', 'text/html').end('<h1>here at last</h1>');
      });
      await new Promise((listening) => { late.listen(stage.away, '127.0.0.1', listening); });
      try {
        await page.getByRole('heading', { name: 'here at last' }).waitFor({ timeout: 30_000 });
        assert.equal(new URL(page.url()).search, '?x=1');
        assert.deepEqual(methods.slice(0, 2), ['HEAD', 'GET'], 'it asks without consequences first');
      } finally {
        late.closeAllConnections();
        late.close();
      }
    }));

  test('without scripts it is loaded again by the browser', () =>
    visit(stage, async (page) => {
      await page.goto('/ingress/away/');
      await fillIn(page, FRANK);
      await page.getByRole('heading', { name: 'is not running' }).waitFor();
      const refresh = await page.locator('meta[http-equiv=refresh]').getAttribute('content');
      assert.equal(refresh, '15');
    }, { javaScriptEnabled: false }));
}
