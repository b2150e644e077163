import type { Agent } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

// An `import` would evaluate everything that node:http exports, also WebSocket, and with it load a second HTTP client
// (Node lib/http.js, lazyUndici): 10 MB in a service that lives for months.
const http = process.getBuiltinModule('node:http');

/** What the service said of a token; `reason` is a status or an error code, never anything that the service wrote. */
export type Answer = { readonly kind: 'done' | 'gone' } | { readonly kind: 'failed'; readonly reason: string };

/**
 * The service that wakes devices, by default that of Delta Chat. It gets the token as the body of a POST and nothing
 * else: not which account, and nothing of the message. 410 says that the device is no more.
 */
export class NotificationService {
  readonly #url: URL;
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  constructor(url: string, options: { readonly timeoutMs: number; readonly maxAtOnce: number }) {
    this.#url = new URL(url);
    this.#timeoutMs = options.timeoutMs;
    const agent = { keepAlive: true, maxSockets: options.maxAtOnce };
    this.#agent = this.#url.protocol === 'https:' ? new HttpsAgent(agent) : new http.Agent(agent);
  }

  /** Settles within the timeout, and never throws. */
  async notify(token: string, signal: AbortSignal): Promise<Answer> {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)]);
    const first = await this.#post(token, limit);
    return first === 'connection-was-closed' ? ended(await this.#post(token, limit)) : first;
  }

  async #post(token: string, signal: AbortSignal): Promise<Answer | 'connection-was-closed'> {
    const send = this.#url.protocol === 'https:' ? httpsRequest : http.request;
    return await new Promise((resolve) => {
      const request = send(this.#url, {
        method: 'POST',
        agent: this.#agent,
        headers: { 'Content-Type': 'text/plain', 'Content-Length': Buffer.byteLength(token) },
        signal,
      });
      request.on('response', (response) => {
        response.on('error', () => {}); // the status is all that counts
        response.resume();
        resolve(readStatus(response.statusCode ?? 0));
      });
      request.on('error', (error) => {
        const reason = codeOf(error);
        // The service may close a connection that was kept open just when we use it again: no failure of its.
        const wasClosed = request.reusedSocket && reason === 'ECONNRESET';
        resolve(wasClosed ? 'connection-was-closed' : { kind: 'failed', reason });
      });
      request.end(token);
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

function ended(answer: Answer | 'connection-was-closed'): Answer {
  return answer === 'connection-was-closed' ? { kind: 'failed', reason: 'ECONNRESET' } : answer;
}

function readStatus(status: number): Answer {
  if (status >= 200 && status < 300) return { kind: 'done' };
  return status === 410 ? { kind: 'gone' } : { kind: 'failed', reason: `HTTP ${status}` };
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
