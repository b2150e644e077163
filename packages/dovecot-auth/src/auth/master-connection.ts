import type { Socket } from 'node:net';
import type { AuthBackend } from '../backend.ts';
import { lookup as findUser, stillHolds } from '../backend-answers.ts';
import type { Clock } from '../clock.ts';
import type { EventListener } from '../events.ts';
import type { Limits } from '../limits.ts';
import { AskingPeer } from '../sockets/asking-peer.ts';
import { matchesWildcard } from '../wildcard.ts';
import type { UnclaimedLogins } from './logins.ts';
import { masterLines } from './master-messages.ts';
import { MasterSession } from './master-session.ts';
import type { MasterStep } from './master-session.ts';

export interface MasterConnectionOptions {
  readonly socket: Socket;
  readonly connection: number;
  readonly backend: AuthBackend;
  readonly logins: UnclaimedLogins;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly onEvent: EventListener;
  readonly userName: RegExp;
  readonly serverPid: number;
}

/** Joins a master process's socket, its session and the backend. */
export class MasterConnection {
  readonly #options: MasterConnectionOptions;
  /** What the door's acceptor holds. */
  readonly peer: AskingPeer;
  readonly #session: MasterSession;

  constructor(options: MasterConnectionOptions) {
    this.#options = options;
    this.#session = new MasterSession(options);
    this.peer = new AskingPeer({
      ...options,
      onLine: (line) => this.#take(this.#session.receive(line.toString('utf8'), options.clock.now())),
      isReady: () => this.#session.isReady,
    });
    this.#take(this.#session.start());
  }

  #take(steps: readonly MasterStep[]): void {
    const lines: string[] = [];
    for (const step of steps) {
      switch (step.kind) {
        case 'send':
          lines.push(step.line);
          break;
        case 'claim':
          void this.#claim(step);
          break;
        case 'lookup':
          void this.#lookup(step);
          break;
        case 'list':
          void this.#list(step);
          break;
      }
    }
    this.peer.send(lines);
  }

  async #claim(claim: Extract<MasterStep, { kind: 'claim' }>): Promise<void> {
    const result = await this.peer.calls.run('stillHolds', this.peer.signal, (signal) =>
      stillHolds(this.#options.backend, claim.record.user, signal),
    );
    if (result.kind === 'value') this.#take(this.#session.claimed(claim, result.value));
    else this.#take(this.#session.failed(claim.id));
  }

  async #lookup(lookup: Extract<MasterStep, { kind: 'lookup' }>): Promise<void> {
    const result = await this.peer.calls.run('lookup', this.peer.signal, (signal) =>
      findUser(this.#options.backend, lookup.user, signal),
    );
    if (result.kind === 'value') this.#take(this.#session.found(lookup, result.value));
    else this.#take(this.#session.failed(lookup.id));
  }

  async #list({ id, mask }: Extract<MasterStep, { kind: 'list' }>): Promise<void> {
    const { backend, onEvent, connection } = this.#options;
    try {
      await this.peer.sendAll(listing(backend.users(this.peer.signal), { id, mask }));
      this.#take(this.#session.listed(id, 'complete'));
    } catch (cause) {
      if (this.peer.signal.aborted) return;
      onEvent({ kind: 'backend.failed', connection, operation: 'users', cause });
      this.#take(this.#session.listed(id, 'failed'));
    }
  }
}

async function* listing(
  users: AsyncIterable<string>,
  { id, mask }: { id: number; mask: string },
): AsyncGenerator<string> {
  for await (const user of users) {
    if (mask === '' || matchesWildcard(user, mask)) yield masterLines.listed(id, user);
  }
}
