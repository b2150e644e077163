import { createServer, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';
import { needsLoginLink } from '@postern/invite';
import { Admission } from './admission.ts';
import { readCertificate, type CertificateFiles } from './certificate.ts';
import { readCustomisation } from './customisation.ts';
import type { WebEvent } from './events.ts';
import { stateOfFiles, stateOfFolder, watchState } from './file-state.ts';
import { openFrontDoor } from './front-door.ts';
import { createHttp, useCertificate } from './http.ts';
import { webLimits, type WebLimits } from './limits.ts';
import type { MailDelivery } from './mail-delivery.ts';
import { createPages, type Pages } from './pages.ts';
import type { Registration } from './registration.ts';
import { strictHeaders } from './response.ts';
import { answer } from './routes.ts';
import type { WebSettings } from './settings.ts';

export interface WebServerOptions {
  readonly settings: WebSettings;
  readonly tls: CertificateFiles;
  readonly registration: Registration;
  readonly onEvent?: (event: WebEvent) => void;
  /** Where mail that comes over HTTPS goes; without it there is no such way in. */
  readonly delivery?: MailDelivery;
  /** What `/healthz` says: whether the relay can take mail and logins. */
  readonly isHealthy?: () => Promise<boolean>;
  /** Other limits than the usual ones. */
  readonly limits?: Partial<WebLimits>;
  /** How often certificate, key and the operator's folder are looked at. */
  readonly fileCheckMs?: number;
}

export type WebListenOptions = { readonly host?: string; readonly port: number } | { readonly fd: number };

export interface WebServer {
  /** May be called for several addresses. @returns where it listens. */
  listen(options: WebListenOptions): Promise<AddressInfo | string | null>;
  /** Takes no more connections, lets requests under way finish, then cuts. Idempotent. */
  close(): Promise<void>;
}

const defaultFileCheckMs = 5_000;

/**
 * The relay's web server: page, `/new`, autoconfiguration, and the way to IMAP and SMTP on the same port.
 *
 * @throws when certificate and key cannot be read or do not belong together.
 */
export function createWebServer(options: WebServerOptions): WebServer {
  const { settings, registration, tls, onEvent = (): void => {}, isHealthy = async () => true } = options;
  const limits: WebLimits = { ...webLimits, ...options.limits };
  let pages = makePages();
  const http = createHttp({
    certificate: readCertificate(tls),
    limits,
    headers: strictHeaders({ hasPublicCertificate: !needsLoginLink(settings.domain) }),
    delivery: options.delivery,
    answer: (request) => answer(request, { settings, registration, pages, isHealthy, onEvent }),
    answered: ({ route, response }, milliseconds) =>
      onEvent({ kind: 'request.answered', route, status: response.status, milliseconds }),
  });
  http.on('tlsClientError', (error: NodeJS.ErrnoException) =>
    onEvent({ kind: 'connection.failed', stage: 'handshake', code: error.code ?? 'unknown' }),
  );
  const stopWatching = watchFiles();
  const admission = new Admission(limits);
  const sockets = new Set<Socket>();
  const listeners = new Set<Server>();

  function makePages(): Pages {
    const customisation = readCustomisation(settings.customFolder);
    for (const { file, reason } of customisation.problems) onEvent({ kind: 'customisation.unusable', file, reason });
    return createPages({ settings, registration, customisation });
  }

  function watchFiles(): () => void {
    const everyMs = options.fileCheckMs ?? defaultFileCheckMs;
    const { customFolder } = settings;
    const certificates = watchState(() => stateOfFiles([tls.certPath, tls.keyPath]), {
      everyMs,
      changed: loadCertificate,
    });
    if (customFolder === undefined) return certificates;
    const looks = watchState(() => stateOfFolder(customFolder), { everyMs, changed: () => (pages = makePages()) });
    return () => {
      certificates();
      looks();
    };
  }

  function loadCertificate(): void {
    try {
      const certificate = readCertificate(tls);
      useCertificate(http, certificate);
      onEvent({ kind: 'certificate.loaded', validUntil: certificate.validUntil });
    } catch (error) {
      onEvent({ kind: 'certificate.unusable', error });
    }
  }

  function accept(socket: Socket): void {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {}); // a visitor may go at any time; whoever serves the connection hears of it
    const refusal = admission.admit(socket);
    if (refusal !== undefined) {
      onEvent(refusal);
      socket.destroy();
      return;
    }
    const serveWeb = (): void => void http.emit('connection', socket);
    const handedOver = (): void => admission.leave(socket);
    if (settings.alpn === undefined) serveWeb();
    else void openFrontDoor(socket, { alpn: settings.alpn, limits, onEvent, serveWeb, handedOver });
  }

  async function stop(): Promise<void> {
    stopWatching();
    const closed = Promise.all([...listeners].map((listener) => closeListener(listener)));
    http.closeIdleConnections();
    for (const socket of sockets) if (!admission.has(socket)) socket.destroy(); // IMAP and SMTP clients come back
    const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), limits.drainMs);
    await closed;
    clearTimeout(cut);
    http.close();
  }

  let stopping: Promise<void> | undefined;
  return {
    async listen(where) {
      const listener = createServer({ allowHalfOpen: true, noDelay: true }, accept);
      listeners.add(listener);
      await listening(listener, 'fd' in where ? { fd: where.fd } : where);
      return listener.address();
    },
    close: () => (stopping ??= stop()),
  };
}

function listening(listener: Server, options: ListenOptions & { fd?: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(options, () => {
      listener.off('error', reject);
      resolve();
    });
  });
}

function closeListener(listener: Server): Promise<void> {
  return new Promise((resolve) => listener.close(() => resolve()));
}
