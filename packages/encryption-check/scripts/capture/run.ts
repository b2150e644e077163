/*
 * node --conditions=@postern/source packages/encryption-check/scripts/capture/run.ts DIRECTORY
 *
 * Has real Delta Chat clients, the newest and three older ones, do everything that sends mail, at a scripted relay on
 * this machine, and writes each message as it was sent to DIRECTORY/NAME.eml.
 */
import { once } from 'node:events';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { join } from 'node:path';
import { Client } from './client.ts';
import { serveImap } from './imap.ts';
import { Post } from './mailbox.ts';
import { Recorder } from './recorder.ts';
import { playNewest } from './newest.ts';
import { playOlder } from './older.ts';
import { serveSmtp } from './smtp.ts';

const directory = process.argv[2];
if (directory === undefined) throw new Error('usage: run.ts DIRECTORY');

const post = new Post();
const [imap, smtp] = await Promise.all([
  listen((socket) => serveImap(socket, post)),
  listen((socket) => serveSmtp(socket, post)),
]);
const ports = { imap: port(imap), smtp: port(smtp) };
const clients = new Map<string, Client>();
for (const version of ['newest', '2.48.0', '2.33.0', '1.160.0']) {
  clients.set(version, await Client.start(version === 'newest' ? undefined : version));
}
const recorder = new Recorder(post);
await playNewest(client('newest'), ports, recorder);
await playOlder(
  { newest: client('newest'), v248: client('2.48.0'), v233: client('2.33.0'), v1160: client('1.160.0') },
  ports,
  recorder,
);

await mkdir(directory, { recursive: true });
for (const [name, raw] of recorder.recorded) await writeFile(join(directory, `${name}.eml`), raw);
process.stdout.write(`${recorder.recorded.size} messages\n`);

for (const each of clients.values()) {
  each.stop();
  await rm(each.directory, { recursive: true, force: true });
}
imap.close();
smtp.close();
process.exit();

function client(version: string): Client {
  const found = clients.get(version);
  if (found === undefined) throw new Error(`no client ${version}`);
  return found;
}

async function listen(serve: (socket: Socket) => void): Promise<Server> {
  const server = createServer(serve).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function port(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening on a port');
  return address.port;
}
