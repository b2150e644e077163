import type { FilterEvent } from '../mail/filter-events.ts';

/** One thing to be counted, as it travels between processes: a name, labels with values that we made, a measure. */
export type Count =
  | { readonly name: 'message'; readonly door: string; readonly verdict: string; readonly reason: string }
  | { readonly name: 'encryption'; readonly door: string; readonly to: string; readonly seipd: string }
  | { readonly name: 'held'; readonly seconds: number }
  | { readonly name: 'stage'; readonly door: string; readonly stage: string; readonly seconds: number }
  | { readonly name: 'failure'; readonly kind: string }
  | { readonly name: 'store-error'; readonly store: 'limits' | 'preferences' | 'standing'; readonly times: number };

/** What of an event is counted. Every label is a word out of our own sources: none can hold what a message says. */
export function countsOf(event: FilterEvent): Count[] {
  switch (event.kind) {
    case 'message': {
      const { door, verdict, reason } = event;
      const counts: Count[] = [{ name: 'message', door, verdict, reason }];
      if (reason === 'store-unavailable') counts.push({ name: 'store-error', store: 'limits', times: 1 });
      return counts;
    }
    case 'encryption':
      return [{ name: 'encryption', door: event.door, to: event.to, seipd: String(event.seipdVersion) }];
    case 'held':
      return [{ name: 'held', seconds: event.heldMs / 1000 }];
    case 'preferences.unavailable':
      return [{ name: 'store-error', store: 'preferences', times: 1 }];
    case 'standing.unavailable':
      return [{ name: 'store-error', store: 'standing', times: 1 }];
    case 'limits.unavailable':
    case 'limits.available':
      return [];
    case 'milter': {
      const { door, event: milter } = event;
      if (milter.kind === 'verdict') {
        return [{ name: 'stage', door, stage: milter.stage, seconds: milter.elapsedMs / 1000 }];
      }
      const isFailure = /\.(?:failed|refused|dropped)$/.test(milter.kind);
      return isFailure ? [{ name: 'failure', kind: milter.kind }] : [];
    }
  }
}
