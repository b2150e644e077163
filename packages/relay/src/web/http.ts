import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Certificate } from './certificate.ts';
import type { WebLimits } from './limits.ts';
import { type MailDelivery, mailDeliveryPath, takeMail } from './mail-delivery.ts';
import { textResponse, type WebResponse } from './response.ts';
import type { Answer, WebRequest } from './routes.ts';

export interface HttpOptions {
  readonly certificate: Certificate;
  readonly limits: WebLimits;
  /** Sent with every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Takes mail in, where the relay does that. */
  readonly delivery?: MailDelivery | undefined;
  readonly answer: (request: WebRequest) => Promise<Answer>;
  readonly answered: (answer: Answer, milliseconds: number) => void;
}

const tlsOptions = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;

/** HTTP over TLS on connections that are handed to it (`emit('connection', socket)`); it does not listen itself. */
export function createHttp(options: HttpOptions): Server {
  const { limits } = options;
  const server = createServer(
    {
      ...tlsOptions,
      cert: options.certificate.cert,
      key: options.certificate.key,
      handshakeTimeout: limits.handshakeMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(1000, limits.headersMs),
      maxHeaderSize: limits.headerBytes,
      requireHostHeader: false, // clients of every age; the answer does not depend on it
    },
    (request, response) => void respond(request, response, options),
  );
  server.maxHeadersCount = limits.headerCount;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.emit('listening'); // starts the timers behind the limits above
  return server;
}

/** New connections get this certificate; those that are open stay as they are. */
export function useCertificate(server: Server, { cert, key }: Certificate): void {
  server.setSecureContext({ minVersion: tlsOptions.minVersion, cert, key });
}

async function respond(request: IncomingMessage, response: ServerResponse, options: HttpOptions): Promise<void> {
  const startedAt = performance.now();
  response.on('error', () => {}); // the visitor is gone
  if (options.delivery !== undefined && request.url === mailDeliveryPath) {
    const taken = await takeMail(request, options.delivery).catch(() => textResponse('451 4.3.0 Try again later', 503));
    const answer: Answer = { route: 'mail', response: taken };
    // What is left of a message that was not read to its end would be the next request.
    const isRead = request.complete;
    write(request, response, {
      answer: taken,
      headers: { ...options.headers, ...(!isRead && { Connection: 'close' }) },
    });
    options.answered(answer, performance.now() - startedAt);
    return;
  }
  const mayBeAnswered = discardBody(request, options.limits.bodyBytes);
  const answer: Answer = mayBeAnswered
    ? await options.answer({
        method: request.method ?? '',
        target: request.url ?? '',
        acceptLanguage: request.headers['accept-language'] ?? '',
      })
    : { route: 'unknown', response: textResponse('The request is too long.\n', 413) };
  write(request, response, {
    answer: answer.response,
    headers: { ...options.headers, ...(!mayBeAnswered && { Connection: 'close' }) },
  });
  options.answered(answer, performance.now() - startedAt);
}

/** Nobody's body is of interest: false when a long one is announced; one that grows long ends the connection. */
function discardBody(request: IncomingMessage, maxBytes: number): boolean {
  request.on('error', () => {});
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return false;
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) request.destroy();
  });
  return true;
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  { answer, headers }: { readonly answer: WebResponse; readonly headers: Readonly<Record<string, string>> },
): void {
  const etag = answer.headers?.['ETag'];
  if (answer.status === 200 && etag !== undefined && knownTags(request).includes(etag)) {
    response.writeHead(304, { ...headers, ...answer.headers }).end();
    return;
  }
  const isCompressed =
    answer.brotli !== undefined && /(?:^|[\s,])br(?:$|[\s,])/.test(request.headers['accept-encoding'] ?? '');
  const body = isCompressed && answer.brotli !== undefined ? answer.brotli : answer.body;
  response.writeHead(answer.status, {
    ...headers,
    'Content-Type': answer.contentType,
    'Content-Length': Buffer.byteLength(body),
    ...(isCompressed && { 'Content-Encoding': 'br' }),
    ...answer.headers,
  });
  response.end(body); // Node leaves the body of a HEAD out
}

/** RFC 9110 §13.1.2, compared weakly: a proxy on the way may have marked the tag. */
function knownTags(request: IncomingMessage): readonly string[] {
  return (request.headers['if-none-match'] ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}
