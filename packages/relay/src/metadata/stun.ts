import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { on, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const magicCookie = 0x21_12_a4_42;
const bindingRequest = 0x0001;
const bindingSuccess = 0x0101;

/** RFC 8489 §5: type, length of the attributes (none), magic cookie, transaction id. */
export function stunBindingRequest(transaction: Uint8Array): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(bindingRequest, 0);
  header.writeUInt32BE(magicCookie, 4);
  return Buffer.concat([header, transaction]);
}

export function isStunBindingSuccess(message: Buffer, transaction: Uint8Array): boolean {
  return (
    message.length >= 20 &&
    message.readUInt16BE(0) === bindingSuccess &&
    message.readUInt32BE(4) === magicCookie &&
    message.subarray(8, 20).equals(transaction)
  );
}

/**
 * Whether a STUN or TURN server answers on UDP. Asked three times, because a datagram may get lost. Never throws, and
 * takes no longer than the timeout, whatever the name service does.
 */
export async function answersStun(server: { host: string; port: number }, timeoutMs = 2_000): Promise<boolean> {
  const abort = new AbortController();
  const { signal } = abort;
  const deadline = delay(timeoutMs, false, { signal }).catch(() => false);
  const answer = ask(server, { signal, intervalMs: timeoutMs / 3 }).catch(() => false);
  try {
    return await Promise.race([answer, deadline]);
  } finally {
    abort.abort();
  }
}

async function ask(
  { host, port }: { host: string; port: number },
  { signal, intervalMs }: { signal: AbortSignal; intervalMs: number },
): Promise<boolean> {
  const { address, family } = await lookup(host);
  signal.throwIfAborted();
  const transaction = randomBytes(12);
  const request = stunBindingRequest(transaction);
  const socket = createSocket({ type: family === 6 ? 'udp6' : 'udp4' });
  const send = (): void => socket.send(request, () => {}); // what fails is seen by there being no answer
  let again: NodeJS.Timeout | undefined;
  try {
    const messages = on(socket, 'message', { signal });
    socket.connect(port, address);
    await once(socket, 'connect', { signal });
    again = setInterval(send, intervalMs);
    send();
    for await (const [message] of messages) {
      if (Buffer.isBuffer(message) && isStunBindingSuccess(message, transaction)) return true;
    }
    return false;
  } finally {
    clearInterval(again);
    socket.close();
  }
}
