import type { IncomingMessage } from 'node:http';
import { textResponse, type WebResponse } from './response.ts';

/** Mail that came over HTTPS, on its way to the mail server. */
export interface MailDelivery {
  readonly maxMessageBytes: number;
  /** @returns the mail server's reply. @throws when it does not answer, or whatever the chunks throw. */
  readonly handOver: (
    envelope: { readonly from: string; readonly to: readonly string[]; readonly bytes: number | undefined },
    chunks: AsyncIterable<Uint8Array>,
  ) => Promise<string>;
}

export const mailDeliveryPath = '/mxdeliv';

class TooLarge extends Error {
  override readonly name = 'TooLarge';
}

/**
 * `POST /mxdeliv`, by which chatmail relays deliver where port 25 is closed: the message as it is in the body, the envelope
 * in `X-MAIL-FROM` (absent for the null sender) and one `X-MAIL-TO` for each recipient. Whatever is not 200 makes the other
 * side try port 25.
 */
export async function takeMail(request: IncomingMessage, delivery: MailDelivery): Promise<WebResponse> {
  if (request.method !== 'POST') {
    const response = textResponse('405 Only POST is possible here\n', 405);
    return { ...response, headers: { ...response.headers, Allow: 'POST' } };
  }
  const length = request.headers['content-length'];
  const bytes = length === undefined ? undefined : Number(length);
  if (bytes !== undefined && bytes > delivery.maxMessageBytes) return tooLarge();
  const [from = '', ...more] = request.headersDistinct['x-mail-from'] ?? [];
  const to = request.headersDistinct['x-mail-to'] ?? [];
  if (more.length > 0 || to.length === 0) return textResponse('501 5.5.4 One sender and a recipient are needed', 400);
  try {
    const reply = await delivery.handOver({ from, to, bytes }, limited(request, delivery.maxMessageBytes));
    return reply.startsWith('2') ? textResponse('250 OK') : textResponse(reply, 400);
  } catch (error) {
    if (error instanceof TooLarge) return tooLarge();
    throw error;
  }
}

async function* limited(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new TooLarge();
    yield chunk;
  }
}

function tooLarge(): WebResponse {
  return textResponse('552 Message exceeds maximum size', 413);
}
