import type { Config } from '../config/config.ts';
import type { Demand } from '../mail/budget.ts';
import type { LedgerKey } from '../mail/ledger.ts';
import type { Permission } from '../mail/limiter.ts';
import type { Standing } from '../mail/sender-standing.ts';
import type { Count } from './counts.ts';

/** What a worker and the process that started it say to each other, over Node's channel between them. */
export type FromWorker =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'ask';
      readonly question: number;
      readonly allowance: number;
      readonly key: LedgerKey;
      readonly demand: Demand;
    }
  | { readonly kind: 'settle'; readonly allowance: number; readonly spent: Demand | null }
  | { readonly kind: 'refuses' | 'standing'; readonly question: number; readonly address: string }
  | { readonly kind: 'counts'; readonly counts: readonly Count[] };

export type ToWorker =
  | { readonly kind: 'start'; readonly config: Config }
  | { readonly kind: 'permission'; readonly question: number; readonly permission: Permission }
  /** `null`: the store did not answer. */
  | { readonly kind: 'setting'; readonly question: number; readonly refuses: boolean | null }
  | { readonly kind: 'standing'; readonly question: number; readonly standing: Standing }
  | { readonly kind: 'stop' };

/** Says all of one turn of the event loop at once: a message across costs both processes more than what it holds. */
export class Outbox<Message> {
  readonly #transmit: (messages: readonly Message[], sent: () => void) => void;
  #messages: Message[] = [];

  constructor(transmit: (messages: readonly Message[], sent: () => void) => void) {
    this.#transmit = transmit;
  }

  say(message: Message): void {
    this.#messages.push(message);
    if (this.#messages.length === 1) process.nextTick(() => this.flush());
  }

  flush(sent: () => void = () => {}): void {
    if (this.#messages.length === 0) return sent();
    this.#transmit(this.#messages, sent);
    this.#messages = [];
  }
}

/** Both ends are ours and of one version: the kind is all there is to check. */
export function fromWorker(messages: unknown): FromWorker[] {
  return listOf(messages).filter((message): message is FromWorker =>
    isOfKind(message, ['ready', 'ask', 'settle', 'refuses', 'standing', 'counts']),
  );
}

export function toWorker(messages: unknown): ToWorker[] {
  return listOf(messages).filter((message): message is ToWorker =>
    isOfKind(message, ['start', 'permission', 'setting', 'standing', 'stop']),
  );
}

function listOf(messages: unknown): readonly unknown[] {
  return Array.isArray(messages) ? messages : [];
}

function isOfKind(message: unknown, kinds: readonly string[]): boolean {
  return (
    typeof message === 'object' &&
    message !== null &&
    'kind' in message &&
    typeof message.kind === 'string' &&
    kinds.includes(message.kind)
  );
}
