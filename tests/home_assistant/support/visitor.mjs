// People in a browser, at vestibule and at Home Assistant's own page.

import { createHmac } from 'node:crypto';

/** A test with a fresh profile at vestibule; `stage` has `browser`, `vestibule` and `there`. */
export function story(stage, tell) {
  return async () => {
    const profile = await stage.browser.newContext({ baseURL: stage.vestibule.origin });
    profile.setDefaultTimeout(30_000);
    const page = await profile.newPage();
    try {
      await tell(page, profile);
    } catch (error) {
      console.error(`at ${page.url()}: ${(await page.locator('body').innerText().catch(() => '')).slice(0, 500)}`);
      console.error(stage.vestibule.warnings());
      throw error;
    } finally {
      await profile.close();
    }
  };
}

/** Who vestibule says that this page's browser is. */
export function session(page) {
  return page.evaluate(async () => {
    const answer = await fetch('/.vestibule/session');
    return { status: answer.status, said: await answer.json() };
  });
}

/** From now on this page comes to vestibule through the trusted proxy, from outside; to Home Assistant it comes from here. */
export function comeFromOutside(page, { origin }) {
  return page.route(`${origin}/**`, (route) => {
    route.continue({ headers: { ...route.request().headers(), 'x-forwarded-for': '203.0.113.7' } });
  });
}

/** Fills in Home Assistant's own page. */
export async function signInThere(page, { url }, person) {
  await page.waitForURL((at) => at.href.startsWith(`${url}/auth/authorize`));
  await page.locator('input[name="username"]').fill(person.name);
  await page.locator('input[name="password"]').fill(person.password);
  await page.locator('input[name="password"]').press('Enter');
  if (person.totp) {
    const code = page.locator('input[name="code"]');
    await code.waitFor();
    await code.fill(totp(person.totp));
    await code.press('Enter');
  }
}

/** RFC 6238 over HMAC-SHA-1, six digits, thirty seconds. */
function totp(secret) {
  const bits = [...secret].map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000)));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest.at(-1) & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
