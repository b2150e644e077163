import type { Socket } from 'node:net';
import { parseClientHello } from './client-hello.ts';
import type { WebEvent } from './events.ts';
import { handOver } from './handover.ts';
import type { WebLimits } from './limits.ts';
import type { WebSettings } from './settings.ts';

export interface FrontDoorOptions {
  readonly alpn: NonNullable<WebSettings['alpn']>;
  readonly limits: WebLimits;
  readonly onEvent: (event: WebEvent) => void;
  /** Takes connections of browsers, with nothing read from them. */
  readonly serveWeb: (socket: Socket) => void;
  /** Called when a connection is no visitor of the web any more. */
  readonly handedOver: (socket: Socket) => void;
}

/**
 * Reads a connection's ClientHello without answering it and sends it where its ALPN says: to IMAP, to SMTP, or to the
 * web, which also gets whoever names no protocol.
 */
export async function openFrontDoor(socket: Socket, options: FrontDoorOptions): Promise<void> {
  const { onEvent } = options;
  const hello = await readClientHello(socket, options.limits);
  if (hello.kind === 'failed') {
    onEvent({ kind: 'connection.failed', stage: 'client-hello', code: hello.code });
    socket.destroy();
    return;
  }
  for (const protocol of ['imap', 'smtp'] as const) {
    const upstream = options.alpn[protocol];
    if (upstream === undefined || !hello.protocols.includes(protocol)) continue;
    options.handedOver(socket);
    const result = await handOver(socket, {
      first: hello.bytes,
      upstream,
      connectMs: options.limits.upstreamConnectMs,
    });
    if (result.kind === 'connected') onEvent({ kind: 'connection.handed-over', protocol });
    else onEvent({ kind: 'connection.failed', stage: 'upstream', code: result.code });
    return;
  }
  socket.unshift(hello.bytes);
  options.serveWeb(socket);
}

type FirstBytes =
  | { readonly kind: 'hello'; readonly protocols: readonly string[]; readonly bytes: Buffer }
  | { readonly kind: 'failed'; readonly code: 'timeout' | 'not-tls' | 'too-long' | 'closed' };

function readClientHello(socket: Socket, limits: WebLimits): Promise<FirstBytes> {
  return new Promise((resolve) => {
    let bytes: Buffer = Buffer.alloc(0);
    const finish = (result: FirstBytes): void => {
      clearTimeout(deadline);
      socket.off('readable', read).off('close', close).off('error', close);
      resolve(result);
    };
    const close = (): void => finish({ kind: 'failed', code: 'closed' });
    const read = (): void => {
      for (let chunk: unknown = socket.read(); chunk instanceof Buffer; chunk = socket.read()) {
        bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
      }
      const hello = parseClientHello(bytes);
      if (hello.kind === 'hello') return finish({ ...hello, bytes });
      if (hello.kind === 'not-tls') return finish({ kind: 'failed', code: 'not-tls' });
      if (bytes.length > limits.clientHelloBytes) return finish({ kind: 'failed', code: 'too-long' });
      if (socket.readableEnded) close();
    };
    const deadline = setTimeout(() => finish({ kind: 'failed', code: 'timeout' }), limits.handshakeMs);
    socket.on('readable', read).on('close', close).on('error', close);
  });
}
