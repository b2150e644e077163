import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { AuthBackend, LoginOutcome } from '../backend.ts';
import { lookup, verify } from '../backend-answers.ts';
import type { BackendCalls } from '../backend-calls.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import { reasonText } from '../reason.ts';
import { userNameFrom } from '../user-name.ts';
import { formatAnswer } from './messages.ts';
import type { HttpQuestion } from './messages.ts';

/** Names of a listing are written together, as in the other doors. */
const BATCH_LENGTH = 16_384;

export interface HttpAnswersOptions {
  readonly response: ServerResponse;
  readonly backend: AuthBackend;
  readonly userName: RegExp;
  readonly calls: BackendCalls;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  readonly connection: number;
  /** Aborts when the peer is gone. */
  readonly left: AbortSignal;
}

/** Answers one request. Our own failure is status 503, which `auth.lua` turns into a temporary failure. */
export class HttpAnswers {
  readonly #options: HttpAnswersOptions;

  constructor(options: HttpAnswersOptions) {
    this.#options = options;
  }

  async answer(question: HttpQuestion): Promise<void> {
    switch (question.kind) {
      case 'login':
        return this.#login(question);
      case 'lookup':
        return this.#lookup(question.user);
      case 'users':
        break;
    }
    return this.#users();
  }

  async #login(login: Extract<HttpQuestion, { kind: 'login' }>): Promise<void> {
    const { backend, userName, calls, clock, onEvent, connection, left } = this.#options;
    const startedAt = clock.now();
    const user = userNameFrom(login.user, userName);
    if (user === undefined) return this.#send(200, formatAnswer('refused'));
    const { password, service, remoteAddress } = login;
    const result = await calls.run('verify', left, (signal) =>
      verify(backend, { user, password, service, signal, ...(remoteAddress !== undefined && { remoteAddress }) }),
    );
    if (result.kind === 'abandoned') return;
    const outcome = result.kind === 'value' ? result.value.kind : 'failed';
    onEvent({ kind: 'login.answered', connection, service, outcome, durationMs: clock.now() - startedAt });
    if (result.kind === 'value') this.#send(200, formatOutcome(result.value));
    else this.#send(503);
  }

  async #lookup(name: string): Promise<void> {
    const { backend, userName, calls, left } = this.#options;
    const user = userNameFrom(name, userName);
    if (user === undefined) return this.#send(200, formatAnswer('unknown'));
    const result = await calls.run('lookup', left, (signal) => lookup(backend, user, signal));
    if (result.kind !== 'value') return this.#send(503);
    const record = result.value;
    this.#send(200, record === undefined ? formatAnswer('unknown') : formatAnswer('found', record.fields));
  }

  /** One name a line, in hex; a listing that breaks off breaks the connection, so that nobody takes it for whole. */
  async #users(): Promise<void> {
    const { backend, response, onEvent, connection, left } = this.#options;
    try {
      let batch = '';
      for await (const user of backend.users(left)) {
        if (left.aborted) return;
        if (user.includes('\n')) throw new Error('a user name contains a line break');
        batch += `${user}\n`;
        if (batch.length < BATCH_LENGTH) continue;
        if (!response.write(batch)) await once(response, 'drain', { signal: left });
        batch = '';
      }
      response.end(batch);
    } catch (cause) {
      if (left.aborted) return;
      onEvent({ kind: 'backend.failed', connection, operation: 'users', cause });
      if (response.headersSent) response.destroy();
      else this.#send(503);
    }
  }

  #send(status: number, body = ''): void {
    this.#options.response.writeHead(status, { 'content-type': 'text/plain' }).end(body);
  }
}

function formatOutcome(outcome: LoginOutcome): string {
  if (outcome.kind === 'accepted') return formatAnswer('accepted', outcome.record.fields);
  return formatAnswer(outcome.kind, outcome.reason === undefined ? {} : { reason: reasonText(outcome.reason) });
}
