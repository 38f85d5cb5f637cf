// What passes between vestibule and Home Assistant, as a proxy of connections in the middle has it; and what a browser gets.

import { connect, createServer } from 'node:net';

/** Passes connections on to `port`, and keeps what Home Assistant says on each: `texts()` gives the messages of WebSockets. */
export async function startRecorder(port) {
  const connections = [];
  const server = createServer((client) => {
    const record = { said: [], asked: [] };
    connections.push(record);
    const home = connect(port, '127.0.0.1');
    home.on('data', (bytes) => { record.said.push(bytes); client.write(bytes); });
    client.on('data', (bytes) => { record.asked.push(bytes); home.write(bytes); });
    for (const [one, other] of [[client, home], [home, client]]) {
      one.on('end', () => other.end()).on('error', () => other.destroy());
    }
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    /** The messages that Home Assistant has sent over each of its WebSockets on which this token was shown. */
    sockets: (token) => connections.filter(({ asked, said }) => isOf(asked, said, token)).map(({ said }) => frames(afterHead(said))),
    stop: () => server.close(),
  };
}

function isOf(asked, said, token) {
  if (!Buffer.concat(said.slice(0, 1)).subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) return false;
  return frames(afterHead(asked)).some((text) => text.includes(token));
}

function afterHead(pieces) {
  const bytes = Buffer.concat(pieces);
  return bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
}

/** The texts in a stream of frames (RFC 6455 section 5.2), masked or not. */
function frames(bytes) {
  const texts = [];
  let text = [];
  for (let at = 0; at + 2 <= bytes.length;) {
    const [first, second] = bytes.subarray(at, at + 2);
    let length = second & 127;
    at += 2;
    if (length === 126) { length = bytes.readUInt16BE(at); at += 2; }
    else if (length === 127) { length = Number(bytes.readBigUInt64BE(at)); at += 8; }
    const key = second & 128 ? bytes.subarray(at, at + 4) : undefined;
    if (key) at += 4;
    if (at + length > bytes.length) break;
    const payload = Buffer.from(bytes.subarray(at, at + length));
    if (key) payload.forEach((byte, place) => { payload[place] = byte ^ key[place & 3]; });
    at += length;
    if ((first & 15) > 2) continue;
    text.push(payload);
    if (first & 128) { texts.push(Buffer.concat(text).toString()); text = []; }
  }
  return texts;
}

/** Keeps every byte that comes to this page: texts of WebSockets, and bodies of answers that are no files of the front end. */
export function record(page) {
  const seen = { sockets: [], answers: [], bytes: 0, messages: 0 };
  page.on('websocket', (socket) => {
    const one = { texts: [], asked: [] };
    seen.sockets.push(one);
    socket.on('framereceived', ({ payload }) => { one.texts.push(`${payload}`); seen.bytes += payload.length; });
    socket.on('framesent', ({ payload }) => { one.asked.push(`${payload}`); seen.messages += 1; });
  });
  page.on('response', (response) => {
    const { pathname, search } = new URL(response.url());
    const answer = { method: response.request().method(), path: pathname + search, status: response.status(), text: '' };
    seen.answers.push(answer);
    answer.read = response.body().then((body) => {
      seen.bytes += body.length;
      answer.text = body.toString();
    }, () => {});
  });
  return seen;
}

/** Whether an answer is of a file that is the same for everybody. */
export const isFile = ({ path }) => /^\/(frontend_latest|frontend_es5|static)\//.test(path);
