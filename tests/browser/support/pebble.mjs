// Debian's pebble, an ACME server for tests, and the name server that it asks: every host is this machine.

import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { freePort, start } from './processes.mjs';

/** Starts pebble in `folder`. It asks for the answer to `tls-alpn-01` at `tlsPort`. */
export async function startPebble(folder, tlsPort) {
  mkdirSync(folder, { recursive: true });
  const [port, management, httpPort] = [await freePort(), await freePort(), await freePort()];
  const names = await startNameServer();
  const [key, certificate, request] = ['server.key', 'server.crt', 'server.cnf'].map((name) => join(folder, name));
  // Its own certificate, which has nothing to do with those that it issues.
  writeFileSync(request, OWN_CERTIFICATE);
  execFileSync('openssl', ['req', '-x509', '-config', request, '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-days', '2', '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  const pebble = {
    listenAddress: `127.0.0.1:${port}`, managementListenAddress: `127.0.0.1:${management}`,
    certificate, privateKey: key, httpPort, tlsPort, ocspResponderURL: '', externalAccountBindingRequired: false,
  };
  writeFileSync(join(folder, 'pebble.json'), JSON.stringify({ pebble }));
  const program = start('pebble', ['-config', join(folder, 'pebble.json'), '-dnsserver', `127.0.0.1:${names.address().port}`], {
    cwd: folder,
    log: join(folder, 'pebble.log'),
    env: { ...process.env, PEBBLE_VA_NOSLEEP: '1', PEBBLE_AUTHZREUSE: '0' },
  });
  const ofIssued = () => get(management, '/roots/0');
  await program.ready(ofIssued);
  const root = join(folder, 'root.pem');
  writeFileSync(root, await ofIssued());
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    /** The authority of its own certificate. */
    authority: certificate,
    /** The root of the certificates that it issues: it makes a new one at each start. */
    root,
    output: () => program.output(),
    async stop() {
      await program.stop();
      names.close();
    },
  };
}

// Without an extension that says otherwise it would be an authority, and no server may show one.
const OWN_CERTIFICATE = `
[req]
distinguished_name = name
x509_extensions = extensions
prompt = no
[name]
CN = pebble
[extensions]
subjectAltName = IP:127.0.0.1
basicConstraints = CA:FALSE
`;

/** What its management listener answers. Only the root is asked for, over loopback: there is nobody to believe yet. */
function get(port, path) {
  return new Promise((done, failed) => {
    const asking = request({ host: '127.0.0.1', port, path, rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text) => { body += text; });
      answer.on('end', () => done(body));
    });
    asking.once('error', failed).end();
  });
}

/** RFC 1035 section 4: the question again, and for an address that of this machine. */
async function startNameServer() {
  const server = createSocket('udp4');
  server.on('message', (question, from) => {
    let end = 12;
    while (question[end]) end += question[end] + 1;
    const isAddress = question.readUInt16BE(end + 1) === 1;
    const head = Buffer.from([question[0], question[1], 0x85, 0x80, 0, 1, 0, isAddress ? 1 : 0, 0, 0, 0, 0]);
    const answer = isAddress ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1] : [];
    server.send(Buffer.concat([head, question.subarray(12, end + 5), Buffer.from(answer)]), from.port, from.address);
  });
  await new Promise((listening) => { server.bind(0, '127.0.0.1', listening); });
  return server;
}
