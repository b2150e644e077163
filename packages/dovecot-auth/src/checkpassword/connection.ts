import type { Socket } from 'node:net';
import type { AuthBackend } from '../backend.ts';
import { lookup, verify } from '../backend-answers.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { AskingPeer } from '../sockets/asking-peer.ts';
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
export class CheckpasswordConnection {
  readonly #options: CheckpasswordConnectionOptions;
  /** What the door's acceptor holds. */
  readonly peer: AskingPeer;
  #hasAsked = false;

  constructor(options: CheckpasswordConnectionOptions) {
    this.#options = options;
    this.peer = new AskingPeer({
      ...options,
      onLine: (line) => this.#receive(parseQuestion(line.toString('latin1'))),
      isReady: () => this.#hasAsked,
    });
  }

  #receive(question: CheckpasswordQuestion): void {
    if (this.#hasAsked) return;
    this.#hasAsked = true;
    void this.#answer(question).then((answer) => {
      this.peer.send([answer]);
      this.peer.end();
    });
  }

  async #answer(question: CheckpasswordQuestion): Promise<string> {
    const { backend, userName } = this.#options;
    const user = userNameFrom(question.user, userName);
    if (user === undefined) return formatAnswer(question.kind === 'login' ? 'refused' : 'unknown');
    if (question.kind === 'login') return this.#login({ ...question, user });
    const result = await this.peer.calls.run('lookup', this.peer.signal, (signal) => lookup(backend, user, signal));
    if (result.kind !== 'value') return formatAnswer('failed');
    return result.value === undefined ? formatAnswer('unknown') : formatAnswer('found', result.value.fields);
  }

  async #login(login: Extract<CheckpasswordQuestion, { kind: 'login' }>): Promise<string> {
    const { backend, clock, onEvent, connection } = this.#options;
    const startedAt = clock.now();
    const { user, password, service, remoteAddress } = login;
    const result = await this.peer.calls.run('verify', this.peer.signal, (signal) =>
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
