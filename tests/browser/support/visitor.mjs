// A person at a browser: a fresh profile, one page, and what that page did.

import assert from 'node:assert/strict';
import { watch } from './browser.mjs';

export const SIGN_IN = '/.vestibule/sign-in';
export const START = '/.vestibule/';

/** Opens a fresh profile, hands it to `story`, and closes it whatever happens. */
export async function visit(stage, story, options = {}) {
  const profile = await stage.browser.newContext({ baseURL: stage.vestibule.origin, ...options });
  profile.setDefaultTimeout(15_000);
  const page = await profile.newPage();
  try {
    await story(page, watch(page), profile);
  } finally {
    await profile.close();
  }
}

/** Fills the form that the page shows and sends it. */
export async function fillIn(page, person, password = person.password) {
  await page.locator('input[name=username]').fill(person.name);
  await page.locator('input[name=password]').fill(password);
  await page.locator('form:has(input[name=password]) [type=submit]').click();
}

/** Goes to `path` without a session, signs in where that leads, and comes out at `path`. */
export async function open(page, path, person) {
  await page.goto(path);
  assert.equal(new URL(page.url()).pathname, SIGN_IN, 'without a session every path leads to sign-in');
  await fillIn(page, person);
  await page.waitForURL(path);
}

/** Where the page is: path and query. */
export function place(page) {
  const { pathname, search } = new URL(page.url());
  return pathname + search;
}

/** Header lines as Node-RED got them on this page's connection: the value of `name`, lower case, or a list when there are several. */
export async function headersAtNodeRed(page, extra = {}) {
  const lines = await page.evaluate(async (headers) => (await fetch('/ingress/nodered/headers', { headers })).json(), extra);
  const found = {};
  for (const [name, value] of lines) {
    const key = name.toLowerCase();
    found[key] = key in found ? [found[key], value].flat() : value;
  }
  return found;
}

/** The three headers that say who asks, as an add-on must see them for `person`. */
export function identityOf(person) {
  return {
    'x-remote-user-id': person.id,
    'x-remote-user-name': person.name,
    'x-remote-user-display-name': person.displayName,
  };
}

/** Those of `headers` that could be read as saying who asks, in any spelling. */
export function identityIn(headers) {
  const entries = Object.entries(headers).filter(([name]) => /^(x[^a-z0-9])?remote[^a-z0-9]/.test(name));
  return Object.fromEntries(entries);
}
