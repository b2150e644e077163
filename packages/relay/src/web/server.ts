import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { needsLoginLink } from '@postern/invite';
import { readCertificate, watchCertificate, type CertificateFiles } from './certificate.ts';
import type { WebEvent } from './events.ts';
import { openFrontDoor } from './front-door.ts';
import { limits } from './limits.ts';
import { createPages } from './pages.ts';
import type { Registration } from './registration.ts';
import { strictHeaders, textResponse, type WebResponse } from './response.ts';
import { answer, type RouteContext } from './routes.ts';
import type { WebSettings } from './settings.ts';
import { SourceCount } from './sources.ts';

export interface WebServerOptions {
  readonly settings: WebSettings;
  readonly tls: CertificateFiles;
  readonly registration: Registration;
  readonly onEvent?: (event: WebEvent) => void;
  readonly isHealthy?: () => Promise<boolean>;
  /** How often certificate and key are looked at. */
  readonly certificateCheckMs?: number;
}

export type WebListenOptions = { readonly host?: string; readonly port: number } | { readonly fd: number };

export interface WebServer {
  /** May be called for several addresses. @returns where it listens. */
  listen(options: WebListenOptions): Promise<AddressInfo | string | null>;
  /** Takes no more connections, lets requests under way finish, then cuts. Idempotent. */
  close(): Promise<void>;
}

const defaultCertificateCheckMs = 10_000;

/**
 * The relay's web server: page, `/new`, autoconfiguration, and the way to IMAP and SMTP on the same port.
 *
 * @throws when certificate and key cannot be read or do not belong together.
 */
export function createWebServer(options: WebServerOptions): WebServer {
  const { settings, registration, tls } = options;
  const onEvent = options.onEvent ?? ((): void => {});
  const context: RouteContext = {
    settings,
    registration,
    onEvent,
    pages: createPages(settings, registration),
    isHealthy: options.isHealthy ?? (async () => true),
  };
  const headers = strictHeaders({ hasPublicCertificate: !needsLoginLink(settings.domain) });
  const web = createHttps(tls, (request, response) => void respond(request, response, { context, headers }));
  web.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    onEvent({ kind: 'connection.failed', stage: 'handshake', code: error.code ?? 'unknown' }),
  );
  const stopWatching = watchCertificate(tls, {
    use: (certificate) => web.setSecureContext({ ...tlsOptions, cert: certificate.cert, key: certificate.key }),
    onEvent,
    everyMs: options.certificateCheckMs ?? defaultCertificateCheckMs,
  });

  const sources = new SourceCount(limits.webConnectionsPerSource);
  const sockets = new Set<Socket>();
  const visitors = new Map<Socket, () => void>();
  const listeners = new Set<Server>();

  function accept(socket: Socket): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // a visitor may go at any time; whoever serves the connection hears of it
    if (!admit(socket)) return void socket.destroy();
    socket.setNoDelay(true);
    const serveWeb = (): void => void web.emit('connection', socket);
    if (settings.alpn === undefined) return serveWeb();
    void openFrontDoor(socket, {
      alpn: settings.alpn,
      onEvent,
      serveWeb,
      handedOver: () => visitors.get(socket)?.(),
    });
  }

  /** Counts a visitor of the web until the connection ends, is handed over, or has lasted long enough. */
  function admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    if (visitors.size >= limits.webConnections) {
      onEvent({ kind: 'connection.refused', reason: 'too-many' });
      return false;
    }
    if (!sources.take(address)) {
      onEvent({ kind: 'connection.refused', reason: 'too-many-from-one-source' });
      return false;
    }
    const lifetime = setTimeout(() => socket.destroy(), limits.connectionMs);
    const leave = (): void => {
      clearTimeout(lifetime);
      if (visitors.delete(socket)) sources.release(address);
    };
    visitors.set(socket, leave);
    socket.once('close', leave);
    return true;
  }

  let closing: Promise<void> | undefined;
  return {
    async listen(where) {
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, accept);
      listeners.add(listener);
      const listenOptions: ListenOptions & { fd?: number } =
        'fd' in where ? { fd: where.fd } : { port: where.port, ...(where.host !== undefined && { host: where.host }) };
      await new Promise<void>((resolve, reject) => {
        listener.once('error', reject);
        listener.listen(listenOptions, () => resolve());
      });
      return listener.address();
    },
    close() {
      closing ??= (async (): Promise<void> => {
        stopWatching();
        const closed = Promise.all([...listeners].map((listener) => closeListener(listener)));
        web.closeIdleConnections();
        for (const socket of sockets) if (!visitors.has(socket)) socket.destroy(); // IMAP and SMTP clients come back
        const cut = setTimeout(() => {
          for (const socket of sockets) socket.destroy();
        }, limits.drainMs);
        await closed;
        clearTimeout(cut);
        web.close();
      })();
      return closing;
    },
  };
}

const tlsOptions = { minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] } as const;

function createHttps(
  tls: CertificateFiles,
  handle: (request: IncomingMessage, response: ServerResponse) => void,
): HttpsServer {
  const { cert, key } = readCertificate(tls);
  const server = createHttpsServer(
    {
      ...tlsOptions,
      cert,
      key,
      handshakeTimeout: limits.handshakeMs,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 1000,
      maxHeaderSize: limits.headerBytes,
      requireHostHeader: false,
    },
    handle,
  );
  server.maxHeadersCount = limits.headerCount;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  // It gets its connections from us and never listens, but only this starts the timers behind the limits above.
  server.emit('listening');
  return server;
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { context, headers }: { readonly context: RouteContext; readonly headers: Readonly<Record<string, string>> },
): Promise<void> {
  const startedAt = performance.now();
  response.on('error', () => {});
  const isTooLong = !discardBody(request);
  const { route, response: answered } = isTooLong
    ? { route: 'unknown', response: textResponse('The request is too long.\n', 413) }
    : await answer(
        {
          method: request.method ?? '',
          target: request.url ?? '',
          acceptLanguage: request.headers['accept-language'] ?? '',
        },
        context,
      );
  write(response, answered, { ...headers, ...(isTooLong && { Connection: 'close' }) });
  context.onEvent({
    kind: 'request.answered',
    route,
    status: answered.status,
    milliseconds: performance.now() - startedAt,
  });
}

/** Nobody's body is of interest; one that is announced or grows too long ends the connection. */
function discardBody(request: IncomingMessage): boolean {
  if (Number(request.headers['content-length'] ?? 0) > limits.bodyBytes) return false;
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bodyBytes) request.destroy();
  });
  request.on('error', () => {});
  return true;
}

function write(response: ServerResponse, answered: WebResponse, headers: Readonly<Record<string, string>>): void {
  const body = typeof answered.body === 'string' ? Buffer.from(answered.body) : answered.body;
  response.writeHead(answered.status, {
    ...headers,
    'Content-Type': answered.contentType,
    'Content-Length': body.length,
    ...answered.headers,
  });
  response.end(body); // Node leaves the body of a HEAD out
}

function closeListener(listener: Server): Promise<void> {
  return new Promise((resolve) => listener.close(() => resolve()));
}
