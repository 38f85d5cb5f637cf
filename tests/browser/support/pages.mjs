// Our own pages, and how a person comes to each. Pictures are taken of them, and each is judged by axe-core.

import { ALICE, FRANK } from './people.mjs';
import { fillIn, open, SIGN_IN, START } from './visitor.mjs';

/** The pages by name: `reach` takes a fresh page there. */
export const PAGES = {
  'sign-in': (page) => page.goto(SIGN_IN),
  async 'wrong-password'(page) {
    await page.goto(SIGN_IN);
    await fillIn(page, FRANK, 'wrong');
    await page.getByRole('alert').waitFor();
  },
  async 'signed-out'(page) {
    await open(page, START, FRANK);
    await page.locator('form[action$=sign-out] button').click();
    await page.getByRole('status').waitFor();
  },
  launcher: (page) => open(page, START, FRANK),
  async account(page) {
    await open(page, START, FRANK);
    await page.goto('/.vestibule/account');
  },
  async forbidden(page) {
    await open(page, START, FRANK);
    await page.goto('/ingress/admin/');
  },
  async 'not-found'(page) {
    await open(page, START, FRANK);
    await page.goto('/ingress/unknown/');
  },
  async away(page) {
    await open(page, START, ALICE);
    await page.goto('/ingress/printer/');
  },
  async 'access-asked'(page) {
    await open(page, START, FRANK);
    await page.goto('/ingress/admin/');
    await page.locator('form[action*=ask-access] button').click();
    await page.getByRole('status').waitFor();
  },
  async overview(page) {
    await open(page, START, ALICE);
    for (const path of ['/ingress/printer/', '/ingress/unknown/', '/ingress/films/']) await page.goto(path);
    await page.goto('/.vestibule/operator/');
    await page.getByText('3D printer').waitFor();
  },
  async sessions(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/sessions');
  },
  async 'add-ons'(page) {
    await open(page, START, ALICE);
    for (const path of ['/ingress/printer/', '/ingress/films/', '/ingress/zigbee/']) await page.goto(path);
    await page.goto('/.vestibule/operator/add-ons');
    await page.getByText('3D printer').waitFor();
  },
  async 'add-on'(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/add-ons/zigbee');
    await page.getByText('hassio_role').first().waitFor();
  },
  async people(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/people');
  },
  async person(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/people?search=frank');
    await page.locator('tbody a').click();
    await page.locator('.facts').waitFor();
  },
  async why(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/why?user=frank&with=alice&method=GET&url=/ingress/admin/');
    await page.locator('.chain').first().waitFor();
  },
  async whoami(page) {
    await open(page, '/ingress/whoami/', FRANK);
    await page.locator('#echo', { hasText: 'hello, whoami' }).waitFor();
    await page.locator('#made-up button').click();
    await page.locator('#outcome li').first().waitFor();
  },
  async configuration(page) {
    await open(page, START, ALICE);
    await page.goto('/.vestibule/operator/configuration');
  },
  async refusals(page) {
    await open(page, START, ALICE);
    for (const path of ['/ingress/printer/', '/ingress/unknown/']) await page.goto(path);
    await page.goto('/.vestibule/operator/refusals');
  },
  async refusal(page) {
    await open(page, START, ALICE);
    await page.goto('/ingress/printer/');
    await page.locator('.request a').click();
    await page.locator('.facts').waitFor();
  },
};

/** What a visit in this language and scheme, on this device, is made with. */
export function setting(language, colorScheme, viewport) {
  return { locale: language, colorScheme, viewport, reducedMotion: 'reduce' };
}

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 800 };
