import type { Socket } from 'node:net';
import type { AuthBackend } from '../backend.ts';
import { lookup, verify } from '../backend-answers.ts';
import { BackendCalls } from '../backend-calls.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import type { Conversation } from '../sockets/acceptor.ts';
import { LineConnection } from '../sockets/line-connection.ts';
import { userNameFrom } from '../user-name.ts';
import { formatAnswer, parseQuestion } from './messages.ts';
import type { CheckpasswordQuestion } from './messages.ts';

export interface CheckpasswordConnectionOptions {
  readonly socket: Socket;
  readonly connection: number;
  readonly backend: AuthBackend;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  readonly userName: RegExp;
}

/** One stub, with its one question. */
export class CheckpasswordConnection implements Conversation {
  readonly #options: CheckpasswordConnectionOptions;
  readonly #line: LineConnection;
  readonly #calls: BackendCalls;
  #hasAsked = false;

  constructor(options: CheckpasswordConnectionOptions) {
    this.#options = options;
    const { socket, connection: number, limits, clock, onEvent } = options;
    this.#line = new LineConnection({
      socket,
      number,
      limits,
      clock,
      onEvent,
      onLine: (line) => this.#receive(parseQuestion(line.toString('latin1'))),
      isReady: () => this.#hasAsked,
    });
    this.#calls = new BackendCalls({ connection: number, limits, clock, onEvent });
  }

  get signal(): AbortSignal {
    return this.#line.signal;
  }

  async drain(): Promise<void> {
    this.#line.drain();
    await this.#calls.idle();
  }

  end(): void {
    this.#line.end();
  }

  destroy(): void {
    this.#line.destroy();
  }

  #receive(question: CheckpasswordQuestion): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    void this.#answer(question).then((answer) => {
      this.#line.send([answer]);
      this.#line.end();
    });
  }

  async #answer(question: CheckpasswordQuestion): Promise<string> {
    const { backend, userName } = this.#options;
    const user = userNameFrom(question.user, userName);
    if (user === undefined) return formatAnswer(question.kind === 'login' ? 'refused' : 'unknown');
    if (question.kind === 'login') return this.#login({ ...question, user });
    const result = await this.#calls.run('lookup', this.signal, (signal) => lookup(backend, user, signal));
    if (result.kind !== 'value') return formatAnswer('failed');
    return result.value === undefined ? formatAnswer('unknown') : formatAnswer('found', result.value.fields);
  }

  async #login(login: Extract<CheckpasswordQuestion, { kind: 'login' }>): Promise<string> {
    const { backend, clock, onEvent, connection } = this.#options;
    const startedAt = clock.now();
    const { user, password, service, remoteAddress } = login;
    const result = await this.#calls.run('verify', this.signal, (signal) =>
      verify(backend, { user, password, service, signal, ...(remoteAddress !== undefined && { remoteAddress }) }),
    );
    const outcome = result.kind === 'value' ? result.value.kind : 'failed';
    onEvent({ kind: 'login.answered', connection, service, outcome, durationMs: clock.now() - startedAt });
    if (result.kind !== 'value') return formatAnswer('failed');
    // checkpassword has no way to tell a reason, nor a blocked account from a wrong password.
    return result.value.kind === 'accepted'
      ? formatAnswer('accepted', result.value.record.fields)
      : formatAnswer('refused');
  }
}
