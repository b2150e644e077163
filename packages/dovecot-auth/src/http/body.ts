import type { IncomingMessage } from 'node:http';
import { DovecotProtocolError } from '../errors.ts';

/** The whole body of a request. @throws DovecotProtocolError `line-too-long`, before more than the limit was kept. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request) {
    if (!(part instanceof Uint8Array)) throw new TypeError('a request body came as text');
    bytes += part.length;
    if (bytes > maxBytes) throw new DovecotProtocolError('line-too-long', `a body is longer than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('latin1');
}
