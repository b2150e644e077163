import type { Config } from '../config/config.ts';
import type { Demand } from '../mail/budget.ts';
import type { LedgerKey } from '../mail/ledger.ts';
import type { Permission } from '../mail/limiter.ts';
import type { Standing } from '../mail/sender-standing.ts';
import type { Count } from './metrics.ts';

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

/** Both ends are ours and of one version: the kind is all there is to check. */
export function isFromWorker(message: unknown): message is FromWorker {
  return isOfKind(message, ['ready', 'ask', 'settle', 'refuses', 'standing', 'counts']);
}

export function isToWorker(message: unknown): message is ToWorker {
  return isOfKind(message, ['start', 'permission', 'setting', 'standing', 'stop']);
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
