// Home Assistant's WebSocket, as a program speaks it: at Home Assistant itself, or at the API that add-ons call.

import { until } from '../../browser/support/conditions.mjs';

export class Socket {
  #socket;
  #last = 0;
  /** Every text that came, as it came. */
  texts = [];
  /** Every message that came, those of lists one by one. */
  messages = [];
  closed;

  /** Opens it and shows a token. */
  static async open(url, token) {
    const socket = new Socket(url);
    const first = (type) => socket.messages.find((message) => message.type === type);
    await until('the WebSocket asks for a token', () => first('auth_required') ?? socket.closed);
    socket.say({ type: 'auth', access_token: token });
    const answer = await until('the WebSocket judges the token', () => first('auth_ok') ?? first('auth_invalid') ?? socket.closed);
    if (answer.type !== 'auth_ok') throw new Error(`${url}: ${JSON.stringify(answer)}`);
    return socket;
  }

  constructor(url) {
    this.#socket = new WebSocket(url);
    this.#socket.addEventListener('message', ({ data }) => {
      this.texts.push(data);
      if (typeof data === 'string') this.messages.push(...[JSON.parse(data)].flat());
    });
    this.#socket.addEventListener('close', ({ code }) => { this.closed = { code }; });
    this.#socket.addEventListener('error', () => {});
  }

  /** The id that the next message gets. */
  get next() {
    return this.#last + 1;
  }

  /** Sends a value as JSON, or a text as it is. */
  say(message) {
    this.#socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /** Sends bytes that are no text. */
  sayBytes(bytes) {
    this.#socket.send(bytes);
  }

  /** Sends a message with the next id and waits for its answer. */
  async ask(message) {
    this.#last += 1;
    const id = this.#last;
    this.say({ id, ...message });
    return this.answer(id);
  }

  /** The answer to a message that was sent with this id. */
  answer(id) {
    const answers = (message) => message.id === id && ['result', 'pong'].includes(message.type);
    return until(`an answer to message ${id}`, () => {
      if (this.closed) throw new Error(`the WebSocket was closed: ${this.closed.code}`);
      return this.messages.find(answers);
    }, 60_000);
  }

  /** What came as events of this subscription. */
  events(id) {
    return this.messages.filter((message) => message.id === id && message.type === 'event').map(({ event }) => event);
  }

  close() {
    this.#socket.close();
  }
}
