import { rmSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { mailUser } from '../setup/layout.ts';

/** A user's name and the few words around it. */
const maxRequestBytes = 2_000;
const requestTimeoutMs = 10_000;

/**
 * Listens where Dovecot's quota plugin says that a mailbox passes a threshold. It speaks as to a `script` service: a
 * version, `noreply`, then one argument a line, and an empty line.
 * Source: dovecot 2.3 and 2.4 src/lib-program-client/program-client-remote.c.
 *
 * @param onFull is called with the user's name.
 */
export async function listenForFull(path: string, onFull: (user: string) => void): Promise<Server> {
  rmSync(path, { force: true });
  const server = createServer((socket) => readRequest(socket, onFull));
  server.on('error', () => {}); // of a connection that could not be accepted; the next one may
  server.listen(path);
  await once(server, 'listening');
  await chmod(path, 0o600);
  await chown(path, mailUser.uid, mailUser.uid);
  return server;
}

function readRequest(socket: Socket, onFull: (user: string) => void): void {
  let text = '';
  socket.setEncoding('utf8').setTimeout(requestTimeoutMs, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (chunk: string) => {
    text += chunk;
    const user = userOf(text);
    if (user !== undefined) onFull(user);
    if (user !== undefined || text.length > maxRequestBytes) socket.destroy();
  });
}

/** What it returns never looks like an option to a command. @returns undefined as long as the request is not whole, and when it is not one. */
export function userOf(request: string): string | undefined {
  return /^VERSION\tscript\t\d+\t\d+\n(?:\w+=[^\n]*\n)*(?:noreply|-)\n([^\s-]\S*@\S+)\n\n/.exec(request)?.[1];
}
