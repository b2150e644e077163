import { connect, isIPv6, type Socket } from 'node:net';
import type { Upstream } from './settings.ts';

export type HandoverResult = { readonly kind: 'connected' } | { readonly kind: 'failed'; readonly code: string };

/**
 * Joins a visitor's connection to Dovecot or Postfix, byte for byte, beginning with what was read already. They are
 * the TLS end: their own certificate settings, protocol versions and limits hold on this port too, nothing but
 * ciphertext passes through this process, and what it costs is copying.
 */
export async function handOver(
  visitor: Socket,
  {
    first,
    upstream,
    connectMs,
  }: { readonly first: Uint8Array; readonly upstream: Upstream; readonly connectMs: number },
): Promise<HandoverResult> {
  const server = connect({ ...upstream.address, noDelay: true });
  const result = await new Promise<HandoverResult>((resolve) => {
    const settle = (outcome: HandoverResult): void => {
      clearTimeout(deadline);
      resolve(outcome);
    };
    const deadline = setTimeout(() => server.destroy(timedOut()), connectMs);
    server.once('connect', () => settle({ kind: 'connected' }));
    server.once('error', (error: NodeJS.ErrnoException) => settle({ kind: 'failed', code: error.code ?? 'unknown' }));
    server.once('close', () => settle({ kind: 'failed', code: 'closed' }));
    visitor.once('close', () => server.destroy());
  });
  if (result.kind === 'failed') {
    visitor.destroy();
    return result;
  }
  visitor.setNoDelay(true);
  visitor.setKeepAlive(true, 300_000); // an idle phone says nothing for up to five minutes
  if (upstream.proxyProtocol === 'v1') server.write(proxyHeader(visitor));
  server.write(first);
  visitor.on('error', () => server.destroy());
  server.on('error', () => visitor.destroy());
  server.once('close', () => visitor.destroy());
  visitor.pipe(server);
  server.pipe(visitor);
  return result;
}

/** HAProxy's PROXY protocol, version 1, §2.1. */
function proxyHeader(visitor: Socket): string {
  const { remoteAddress, localAddress, remotePort, localPort } = visitor;
  if (remoteAddress === undefined || localAddress === undefined) return 'PROXY UNKNOWN\r\n';
  const [source, destination] = [remoteAddress, localAddress].map((address) =>
    address.replace(/^::ffff:(?=\d+\.)/i, ''),
  );
  const family = isIPv6(source ?? '') ? 'TCP6' : 'TCP4';
  return `PROXY ${family} ${source} ${destination} ${remotePort ?? 0} ${localPort ?? 0}\r\n`;
}

function timedOut(): NodeJS.ErrnoException {
  return Object.assign(new Error('the upstream did not accept the connection in time'), { code: 'ETIMEDOUT' });
}
