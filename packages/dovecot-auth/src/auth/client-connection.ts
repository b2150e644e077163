import type { Socket } from 'node:net';
import type { AuthBackend } from '../backend.ts';
import { verify } from '../backend-answers.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { AskingPeer } from '../sockets/asking-peer.ts';
import { ClientSession } from './client-session.ts';
import type { ClientStep, LoginAnswer, RequestedLogin } from './client-session.ts';
import type { UnclaimedLogins } from './logins.ts';

export interface ClientConnectionOptions {
  readonly socket: Socket;
  readonly connection: number;
  readonly backend: AuthBackend;
  readonly logins: UnclaimedLogins;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  readonly userName: RegExp;
  readonly serverPid: number;
  readonly cookie: string;
}

/** Joins a login process's socket, its session and the backend. */
export class ClientConnection {
  readonly #options: ClientConnectionOptions;
  /** What the door's acceptor holds. */
  readonly peer: AskingPeer;
  readonly #session: ClientSession;
  /** Requests whose client may still leave: those at the backend, and refusals that are held back. */
  readonly #waiting = new Map<number, AbortController>();
  readonly #heldBack = new Map<number, { readonly cancel: () => void; readonly answer: () => void }>();
  #isDraining = false;

  constructor(options: ClientConnectionOptions) {
    this.#options = options;
    this.#session = new ClientSession(options);
    this.peer = new AskingPeer({
      ...options,
      onLine: (line) => this.#take(this.#session.receive(line.toString('utf8'), options.clock.now())),
      isReady: () => this.#session.isReady,
      onDrain: () => this.#answerHeldBack(),
    });
    this.peer.signal.addEventListener('abort', () => this.#abandonAll());
    this.#take(this.#session.start());
  }

  #take(steps: readonly ClientStep[]): void {
    const lines: string[] = [];
    for (const step of steps) {
      switch (step.kind) {
        case 'send':
          lines.push(step.line);
          break;
        case 'verify':
          void this.#verify(step.id, step.login);
          break;
        case 'refuse':
          this.#answer(step.id, { kind: 'refused' }, { service: '', startedAt: this.#options.clock.now() });
          break;
        case 'abandon':
          this.#abandon(step.id);
          break;
        case 'remember':
          this.#options.logins.add(step.key, step.record, this.#options.clock.now());
          break;
      }
    }
    this.peer.send(lines);
  }

  async #verify(id: number, login: RequestedLogin): Promise<void> {
    const startedAt = this.#options.clock.now();
    const abandon = new AbortController();
    this.#waiting.set(id, abandon);
    const result = await this.peer.calls.run('verify', abandon.signal, (signal) =>
      verify(this.#options.backend, { ...login, signal }),
    );
    this.#waiting.delete(id);
    if (result.kind === 'abandoned') return;
    const answer: LoginAnswer = result.kind === 'value' ? result.value : { kind: 'failed' };
    this.#answer(id, answer, { service: login.service, startedAt });
  }

  #answer(id: number, answer: LoginAnswer, request: { service: string; startedAt: number }): void {
    const { clock, limits, onEvent, connection } = this.#options;
    const now = (): void => {
      this.#heldBack.delete(id);
      this.#take(this.#session.answer(id, answer));
      const durationMs = clock.now() - request.startedAt;
      onEvent({ kind: 'login.answered', connection, service: request.service, outcome: answer.kind, durationMs });
    };
    // From the beginning of the request, so that how long the backend thought does not show.
    const delayMs = request.startedAt + limits.failureDelayMs - clock.now();
    const isRefusal = answer.kind === 'refused' || answer.kind === 'disabled';
    if (!isRefusal || delayMs <= 0 || this.#isDraining) now();
    else this.#heldBack.set(id, { cancel: clock.after(delayMs, now), answer: now });
  }

  #abandon(id: number): void {
    this.#waiting.get(id)?.abort();
    this.#heldBack.get(id)?.cancel();
    this.#heldBack.delete(id);
  }

  /** Nobody waits for the delay of a refusal when we end. */
  #answerHeldBack(): void {
    this.#isDraining = true;
    for (const { cancel, answer } of this.#heldBack.values()) {
      cancel();
      answer();
    }
    this.#heldBack.clear();
  }

  #abandonAll(): void {
    for (const abandon of this.#waiting.values()) abandon.abort();
    for (const { cancel } of this.#heldBack.values()) cancel();
    this.#heldBack.clear();
  }
}
