// A program that asks vestibule over HTTPS: it keeps its cookies, and judges TLS by the development CA.

import { readFileSync } from 'node:fs';
import { request } from 'node:https';

export class Client {
  #vestibule;
  #cookies = new Map();

  constructor(vestibule) {
    this.#vestibule = vestibule;
  }

  /** Signs in through the form, and answers with its status. */
  async signIn({ name, password }) {
    const page = (await this.ask('/.vestibule/sign-in')).text;
    const [, csrf] = page.match(/name="csrf" value="([^"]*)"/);
    const form = new URLSearchParams({ csrf, username: name, password }).toString();
    const headers = { origin: this.#vestibule.origin, 'content-type': 'application/x-www-form-urlencoded' };
    return (await this.ask('/.vestibule/sign-in', { method: 'POST', headers, body: form })).status;
  }

  async status(path) {
    return (await this.ask(path)).status;
  }

  ask(path, { method = 'GET', headers = {}, body } = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const options = { method, ca: readFileSync(this.#vestibule.authority), headers: { ...headers, ...(cookie && { cookie }) } };
    return new Promise((done, failed) => {
      const asked = request(`${this.#vestibule.origin}${path}`, options, (answer) => {
        for (const line of answer.headers['set-cookie'] ?? []) {
          const [, name, value] = line.match(/^([^=]+)=([^;]*)/);
          this.#cookies.set(name, value);
        }
        let text = '';
        answer.setEncoding('utf8').on('data', (part) => { text += part; });
        answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, text }));
      });
      asked.once('error', failed).end(body);
    });
  }
}
