import type { LoginOutcome, UserRecord } from '../backend.ts';
import { DovecotProtocolError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { reasonText } from '../reason.ts';
import { userNameFrom } from '../user-name.ts';
import { clientLines, parseClientMessage, protocolVersion } from './client-messages.ts';
import type { LoginKey } from './logins.ts';
import { beginExchange, continueExchange, mechanisms } from './sasl.ts';
import type { SaslExchange, SaslStep } from './sasl.ts';

/** What the server has to do next for a login process. */
export type ClientStep =
  | { readonly kind: 'send'; readonly line: string }
  /** Ask the backend, then give its answer to `answer(id, …)`. */
  | { readonly kind: 'verify'; readonly id: number; readonly login: RequestedLogin }
  /** No need to ask: give this answer to `answer(id, …)`, as late as a wrong password would be answered. */
  | { readonly kind: 'refuse'; readonly id: number }
  /** The client does not wait any more. */
  | { readonly kind: 'abandon'; readonly id: number }
  /** A mail process will come for this login. */
  | { readonly kind: 'remember'; readonly key: LoginKey; readonly record: UserRecord };

export interface RequestedLogin {
  readonly user: string;
  readonly password: Uint8Array;
  readonly service: string;
  readonly remoteAddress?: string;
}

/** An answer to a login; `failed` is our own failure. */
export type LoginAnswer = LoginOutcome | { readonly kind: 'failed' };

interface Request {
  readonly service: string;
  readonly remoteAddress: string | undefined;
  readonly isClaimed: boolean;
  readonly startedAt: number;
  /** Where the SASL exchange stands; nothing once the credentials are complete. */
  exchange?: SaslExchange | undefined;
  user?: string;
}

export interface ClientSessionOptions {
  readonly serverPid: number;
  readonly connection: number;
  readonly cookie: string;
  readonly userName: RegExp;
  readonly limits: Pick<Limits, 'maxOpenExchanges' | 'exchangeTimeoutMs'>;
}

/**
 * One connection of a login process or of Postfix, without its socket: lines go in, steps come out.
 * A login process speaks for many people at once, so whatever a person can influence (their SASL data, their name)
 * ends in a FAIL for that request; only what the process itself says wrong ends the connection.
 */
export class ClientSession {
  readonly #options: ClientSessionOptions;
  readonly #requests = new Map<number, Request>();
  #state: 'version' | 'pid' | 'ready' = 'version';
  #clientPid = 0;

  constructor(options: ClientSessionOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#state === 'ready';
  }

  start(): ClientStep[] {
    return [send(clientLines.version())];
  }

  /** @throws DovecotProtocolError when the process broke the protocol. */
  receive(line: string, now: number): ClientStep[] {
    const message = parseClientMessage(line);
    if (this.#state !== 'ready') return this.#handshake(message);
    switch (message.kind) {
      case 'begin':
        return this.#begin(message, now);
      case 'continue':
        return this.#continue(message.id, message.response);
      case 'cancel':
        return this.#requests.delete(message.id) ? [{ kind: 'abandon', id: message.id }] : [];
      case 'version':
      case 'pid':
        break;
    }
    throw new DovecotProtocolError('out-of-order', 'an auth client repeated its handshake');
  }

  /** The answer to a request; nothing happens when the client has cancelled it. */
  answer(id: number, answer: LoginAnswer): ClientStep[] {
    const request = this.#requests.get(id);
    if (request === undefined) return [];
    this.#requests.delete(id);
    switch (answer.kind) {
      case 'accepted':
        return this.#accept(id, request, answer.record);
      case 'refused':
        return [send(clientLines.failed(id, { user: request.user, ...reasonOf(answer.reason) }))];
      case 'disabled':
        return [
          send(clientLines.failed(id, { user: request.user, code: 'user_disabled', ...reasonOf(answer.reason) })),
        ];
      case 'failed':
        break;
    }
    return [send(clientLines.failed(id, { user: request.user, code: 'temp_fail' }))];
  }

  #handshake(message: ReturnType<typeof parseClientMessage>): ClientStep[] {
    if (this.#state === 'version' && message.kind === 'version') {
      if (message.major !== protocolVersion.major) {
        throw new DovecotProtocolError('unsupported-version', `an auth client speaks version ${message.major}, not 1`);
      }
      this.#state = 'pid';
      return clientLines.handshake({ mechanisms, ...this.#options }).map(send);
    }
    if (this.#state === 'pid' && message.kind === 'pid') {
      this.#clientPid = message.pid;
      this.#state = 'ready';
      return [];
    }
    throw new DovecotProtocolError('out-of-order', 'an auth client did not begin with VERSION and CPID');
  }

  #begin(message: Extract<ReturnType<typeof parseClientMessage>, { kind: 'begin' }>, now: number): ClientStep[] {
    const { id, mechanism, response } = message;
    if (this.#requests.has(id))
      throw new DovecotProtocolError('out-of-order', 'an auth client used a request id twice');
    this.#forgetUnfinished(now);
    if (this.#requests.size >= this.#options.limits.maxOpenExchanges) {
      return [send(clientLines.failed(id, { code: 'temp_fail' }))];
    }
    if (mechanism !== 'PLAIN' && mechanism !== 'LOGIN') {
      return [send(clientLines.failed(id, { code: 'auth_mech_invalid' }))];
    }
    const initial = response === undefined ? undefined : decodeBase64(response);
    if (response !== undefined && initial === undefined) {
      return [send(clientLines.failed(id, { code: 'invalid_base64' }))];
    }
    const { service, remoteAddress, isClaimed } = message;
    const request: Request = { service, remoteAddress, isClaimed, startedAt: now };
    this.#requests.set(id, request);
    return this.#proceed(id, request, beginExchange(mechanism, initial));
  }

  #continue(id: number, response: string): ClientStep[] {
    const request = this.#requests.get(id);
    // Forgotten, or never begun: the client has to hear something, or it waits for its own timeout.
    if (request === undefined) return [send(clientLines.failed(id, { code: 'temp_fail' }))];
    if (request.exchange === undefined) {
      throw new DovecotProtocolError('out-of-order', 'an auth client continued a request that was complete');
    }
    const data = decodeBase64(response);
    if (data === undefined) {
      this.#requests.delete(id);
      return [send(clientLines.failed(id, { code: 'invalid_base64' }))];
    }
    return this.#proceed(id, request, continueExchange(request.exchange, data));
  }

  #proceed(id: number, request: Request, step: SaslStep): ClientStep[] {
    if (step.kind === 'challenge') {
      request.exchange = step.next;
      return [send(clientLines.challenge(id, step.data))];
    }
    request.exchange = undefined;
    if (step.kind === 'malformed') return [{ kind: 'refuse', id }];
    const user = userNameFrom(step.credentials.user, this.#options.userName);
    if (user === undefined) return [{ kind: 'refuse', id }];
    request.user = user;
    const { service, remoteAddress } = request;
    const { password } = step.credentials;
    const login = { user, password, service, ...(remoteAddress !== undefined && { remoteAddress }) };
    return [{ kind: 'verify', id, login }];
  }

  #accept(id: number, request: Request, record: UserRecord): ClientStep[] {
    const key: LoginKey = { clientPid: this.#clientPid, id, cookie: this.#options.cookie };
    const accepted = send(clientLines.accepted(id, record.user));
    // Remembered before it is announced: the claim may come as soon as the OK is out.
    return request.isClaimed ? [{ kind: 'remember', key, record }, accepted] : [accepted];
  }

  /** Exchanges that their client left unfinished. The oldest stand first, so that this costs nothing in ordinary times. */
  #forgetUnfinished(now: number): void {
    for (const [id, request] of this.#requests) {
      if (now - request.startedAt < this.#options.limits.exchangeTimeoutMs) return;
      if (request.exchange !== undefined) this.#requests.delete(id);
    }
  }
}

function send(line: string): ClientStep {
  return { kind: 'send', line };
}

function reasonOf(reason: string | undefined): { reason?: string } {
  const text = reason === undefined ? '' : reasonText(reason);
  return text === '' ? {} : { reason: text };
}

/** Strictly: Node's own decoder skips what it does not know, and would let two spellings mean one password. */
function decodeBase64(text: string): Buffer | undefined {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined;
  return Buffer.from(text, 'base64');
}
