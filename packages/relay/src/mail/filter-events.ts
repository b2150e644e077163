import type { MilterEvent } from '@postern/milter';
import type { Verdict } from './policy.ts';

/** What a filter tells its owner, for logs and counters; nothing in it says who wrote to whom. */
export type FilterEvent =
  | { readonly kind: 'message'; readonly verdict: Verdict['kind']; readonly reason: string }
  | { readonly kind: 'milter'; readonly event: MilterEvent };

export type FilterEventListener = (event: FilterEvent) => void;
