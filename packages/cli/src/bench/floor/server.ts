import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createWebServer } from 'node:https';
import type { Server, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type TlsOptions } from 'node:tls';
import { promisify } from 'node:util';
import { serveImap } from './imap.ts';
import { Mailboxes } from './mailboxes.ts';
import { serveSmtp } from './smtp.ts';

/** A relay that keeps everything in memory and answers at once: what is measured on it is the client itself. */
export interface FloorRelay extends AsyncDisposable {
  readonly domain: string;
  readonly address: string;
  readonly ports: { readonly imap: number; readonly submission: number };
}

/**
 * Starts the floor on an address of the loopback network, with TLS like any relay.
 *
 * @param webPort where clients look for its autoconfig; they only look at 443.
 */
export async function startFloor(domain: string, address: string, webPort = 443): Promise<FloorRelay> {
  const tls: TlsOptions = { ...(await certificateFor(domain)), minVersion: 'TLSv1.3', noDelay: true };
  const mailboxes = new Mailboxes();
  const serve = (handler: (socket: Socket) => void): Server =>
    createServer(tls, (socket) => {
      socket.setNoDelay(true);
      socket.on('error', () => {}); // the client went away
      handler(socket);
    });
  const [imap, smtp] = [
    serve((socket) => serveImap(socket, mailboxes)),
    serve((socket) => serveSmtp(socket, mailboxes)),
  ];
  const ports = { imap: await listen(imap, address), submission: await listen(smtp, address) };
  const web = createWebServer(tls, (_request, response) => response.end(autoconfig(domain, ports)));
  await listen(web, address, webPort);
  return {
    domain,
    address,
    ports,
    async [Symbol.asyncDispose]() {
      web.closeAllConnections();
      for (const server of [imap, smtp, web]) server.close();
    },
  };
}

async function listen(server: Server, host: string, port = 0): Promise<number> {
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** A certificate that the client takes because the domain starts with `_` (or because it was told to). */
async function certificateFor(domain: string): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-floor-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  try {
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2'.split(' ');
    const name = ['-subj', `/CN=${domain}`, '-addext', `subjectAltName=DNS:${domain}`];
    await promisify(execFile)('openssl', [...request, ...name, '-keyout', key, '-out', certificate]);
    return { key: await readFile(key), cert: await readFile(certificate) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function autoconfig(domain: string, ports: FloorRelay['ports']): string {
  const server = (direction: string, type: string, port: number): string =>
    `<${direction}Server type="${type}"><hostname>${domain}</hostname><port>${port}</port><socketType>SSL</socketType>` +
    `<authentication>password-cleartext</authentication><username>%EMAILADDRESS%</username></${direction}Server>`;
  return `<?xml version="1.0" encoding="UTF-8"?><clientConfig version="1.1"><emailProvider id="${domain}"><domain>${domain}</domain>${server('incoming', 'imap', ports.imap)}${server('outgoing', 'smtp', ports.submission)}</emailProvider></clientConfig>`;
}
