// How our own pages look: nothing is cut off on a phone, and both colour schemes are served. Pictures are for people.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FRANK } from '../support/people.mjs';
import { fillIn, open, SIGN_IN, START, visit } from '../support/visitor.mjs';

const PHONE = { width: 360, height: 740 };
const DESK = { width: 1280, height: 800 };

export function looks(stage) {
  for (const [device, viewport] of Object.entries({ phone: PHONE, desk: DESK })) {
    for (const colorScheme of ['light', 'dark']) {
      test(`our pages fit a ${device} in a ${colorScheme} room`, () =>
        visit(stage, async (page) => {
          const shown = async (name) => {
            assert.ok(await fits(page), `${name} needs no scrolling sideways`);
            assert.equal((await brightness(page)) < 128, colorScheme === 'dark', `${name} is ${colorScheme}`);
            await picture(page, `${name}-${device}-${colorScheme}`);
          };
          await page.goto(SIGN_IN);
          await shown('sign-in');
          await fillIn(page, FRANK, 'wrong');
          await page.getByRole('alert').waitFor();
          await shown('wrong-password');
          await page.context().clearCookies();
          await open(page, START, FRANK);
          await shown('start');
          await page.goto('/ingress/admin/');
          await shown('refused');
          await page.goto('/ingress/unknown/');
          await shown('not-found');
          await page.goto('/ingress/whoami/');
          assert.ok(await fits(page), 'whoami needs no scrolling sideways');
          await picture(page, `whoami-${device}-${colorScheme}`);
        }, { viewport, colorScheme }));
    }
  }
}

function fits(page) {
  return page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
}

// The mean of red, green and blue of what stands behind the page.
function brightness(page) {
  return page.evaluate(() => {
    const colours = [document.body, document.documentElement].map((element) => getComputedStyle(element).backgroundColor);
    const solid = colours.find((colour) => !/^rgba\(.*, 0\)$/.test(colour)) ?? 'rgb(255, 255, 255)';
    const [red, green, blue] = solid.match(/[\d.]+/g).map(Number);
    return (red + green + blue) / 3;
  });
}

async function picture(page, name) {
  if (!process.env.SCREENSHOTS) return;
  mkdirSync(process.env.SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
}
