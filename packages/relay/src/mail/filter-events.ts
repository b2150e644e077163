import type { Finding, SessionKeyKind } from '@postern/encryption-check';
import type { MilterEvent } from '@postern/milter';
import type { LedgerEvent } from './ledger.ts';
import type { Verdict } from './policy.ts';

export type Door = 'submission' | 'incoming' | 'report';

/** What a filter tells its owner, for logs and counters; nothing in it says who wrote to whom. */
export type FilterEvent =
  /** A message, or its first recipient, got its verdict. */
  | { readonly kind: 'message'; readonly door: Door; readonly verdict: Verdict['kind']; readonly reason: string }
  /** An accepted message was encrypted in this way. */
  | { readonly kind: 'encryption'; readonly door: Door; readonly to: SessionKeyKind; readonly seipdVersion: 1 | 2 }
  /** A message was held so that its sender stays within the limit. */
  | { readonly kind: 'held'; readonly heldMs: number }
  /** A store did not answer a filter's question: what a recipient wants, or whether a sender still may send. */
  | { readonly kind: 'preferences.unavailable' | 'standing.unavailable' }
  | LedgerEvent
  | { readonly kind: 'milter'; readonly door: Door; readonly event: MilterEvent };

export type FilterEventListener = (event: FilterEvent) => void;

/** One event for every way in which the message can be opened. */
export function encryptionEvents(door: Door, finding: Finding): FilterEvent[] {
  if (finding.kind !== 'encrypted') return [];
  const kinds: readonly SessionKeyKind[] = ['PKESK v3', 'PKESK v6', 'SKESK v4', 'SKESK v6'];
  return kinds
    .filter((to) => finding.sessionKeys[to] > 0)
    .map((to) => ({ kind: 'encryption', door, to, seipdVersion: finding.seipdVersion }));
}
