#!/usr/bin/env node
// How an add-on in Node judges X-Remote-User-Assertion, with what is built in.
//
//     verify.mjs KEYS ISSUER AUDIENCE < assertion
//
// KEYS is the address of /.vestibule/jwks.json, or a file with what stands there. Prints the claims as JSON, or says why
// the assertion is not to be believed and exits 1.

import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The keys by their id. A program that runs for long asks again when it meets an id that it does not know, at most once a minute. */
export async function publishedKeys(place) {
  const set = place.startsWith('https://') ? await (await fetch(place)).json() : JSON.parse(readFileSync(place, 'utf8'));
  const usable = set.keys.filter((key) => key.kty === 'OKP' && key.crv === 'Ed25519');
  return new Map(usable.map((key) => [key.kid, createPublicKey({ key, format: 'jwk' })]));
}

/** The claims of an assertion that vestibule made for this add-on within the last minute; throws otherwise. */
export function who(assertion, keys, issuer, audience, now = Date.now() / 1000) {
  const [header, payload, signature, ...more] = assertion.split('.');
  if (signature === undefined || more.length > 0) throw new Error('not three parts');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url'));
  const key = keys.get(kid);
  // The algorithm is ours to choose, never the assertion's.
  if (alg !== 'EdDSA' || key === undefined) throw new Error('another algorithm, or an unknown key');
  const good = verify(null, Buffer.from(`${header}.${payload}`), key, Buffer.from(signature, 'base64url'));
  if (!good) throw new Error('the signature is wrong');
  const claims = JSON.parse(Buffer.from(payload, 'base64url'));
  if (claims.iss !== issuer || claims.aud !== audience) throw new Error('not from there, or not for us');
  if (!(claims.iat <= now + 5 && now < claims.exp + 5) || typeof claims.sub !== 'string') throw new Error('too old, or too new');
  return claims;
}

if (import.meta.filename === process.argv[1]) {
  const [keys, issuer, audience] = [await publishedKeys(process.argv[2]), process.argv[3], process.argv[4]];
  try {
    console.log(JSON.stringify(who(readFileSync(0, 'utf8').trim(), keys, issuer, audience)));
  } catch (error) {
    console.error(`not believed: ${error.message}`);
    process.exit(1);
  }
}
