import type { Demand } from '../mail/budget.ts';
import type { CleartextPreferences } from '../mail/cleartext-refusals.ts';
import type { LedgerKey } from '../mail/ledger.ts';
import type { Allowance, Limiter, Permission } from '../mail/limiter.ts';
import type { SenderStandings } from '../mail/sender-standing.ts';
import type { FromWorker, ToWorker } from './filter-channel.ts';

/** How long the main process may take beyond what it may hold a message: Postfix waits 30 s, and longer when told to. */
const answerGraceMs = 20_000;

/** What a worker has to know of limits and users: it asks the main process, which alone knows. */
export class Questions implements Limiter, CleartextPreferences, SenderStandings {
  readonly #send: (message: FromWorker) => void;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, (answer: ToWorker) => void>();
  #asked = 0;
  #opened = 0;

  constructor(send: (message: FromWorker) => void, maxHoldMs: number) {
    this.#send = send;
    this.#timeoutMs = maxHoldMs + answerGraceMs;
  }

  /** Takes what the main process said. */
  receive(answer: ToWorker): void {
    if (!('question' in answer)) return;
    this.#waiting.get(answer.question)?.(answer);
    this.#waiting.delete(answer.question);
  }

  open(key: LedgerKey): Allowance {
    this.#opened += 1;
    const allowance = this.#opened;
    let isOpen = true;
    const settle = (spent: Demand | null): void => {
      if (isOpen) this.#send({ kind: 'settle', allowance, spent });
      isOpen = false;
    };
    return {
      ask: (demand) => this.#permission(allowance, key, demand),
      commit: settle,
      refund: () => settle(null),
    };
  }

  async refuses(address: string): Promise<boolean> {
    const answer = await this.#ask((question) => ({ kind: 'refuses', question, address }));
    if (answer?.kind === 'setting' && answer.refuses !== null) return answer.refuses;
    throw new Error('the main process does not know the preference');
  }

  async standing(address: string): ReturnType<SenderStandings['standing']> {
    const answer = await this.#ask((question) => ({ kind: 'standing', question, address }));
    if (answer?.kind === 'standing' && answer.standing.kind !== 'unknown') return answer.standing;
    throw new Error('the main process does not know whether the sender still may send');
  }

  async #permission(allowance: number, key: LedgerKey, demand: Demand): Promise<Permission> {
    const answer = await this.#ask((question) => ({ kind: 'ask', question, allowance, key, demand }));
    return answer?.kind === 'permission' ? answer.permission : { kind: 'unavailable' };
  }

  #ask(message: (question: number) => FromWorker): Promise<ToWorker | undefined> {
    this.#asked += 1;
    const question = this.#asked;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(question);
        resolve(undefined);
      }, this.#timeoutMs);
      this.#waiting.set(question, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
      this.#send(message(question));
    });
  }
}
