import { once } from 'node:events';
import { Registry } from 'prom-client';
import type { Service } from './service.ts';

// An `import` of it would load Node's other HTTP client too: see push/notification-service.ts.
const { createServer } = process.getBuiltinModule('node:http');

/** Where counters are read: this machine only. */
const host = '127.0.0.1';
const requestTimeoutMs = 10_000;

/**
 * Serves `GET /metrics` on the loopback address.
 *
 * @param read returns all metrics in Prometheus' text form.
 * @throws Error when the port is taken.
 */
export async function startMetricsServer(
  read: () => Promise<string>,
  port: number,
): Promise<Service & { readonly port: number }> {
  const server = createServer({ requestTimeout: requestTimeoutMs }, (request, response) => {
    if (request.method !== 'GET' || request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    read().then(
      (text) => response.writeHead(200, { 'content-type': Registry.PROMETHEUS_CONTENT_TYPE }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
