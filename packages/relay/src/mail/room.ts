import type { Demand } from './budget.ts';
import type { FilterEventListener } from './filter-events.ts';
import type { Allowance } from './limiter.ts';
import type { Room } from './policy.ts';

/** Asks for room, as the policy wants to know it. */
export async function roomFor(allowance: Allowance, demand: Demand, onEvent: FilterEventListener): Promise<Room> {
  const permission = await allowance.ask(demand);
  switch (permission.kind) {
    case 'granted':
      if (permission.heldMs > 0) onEvent({ kind: 'held', heldMs: permission.heldMs });
      return { kind: 'enough' };
    case 'exceeded':
      return { kind: 'none', part: permission.part, waitSeconds: permission.waitSeconds };
    case 'unavailable':
      return { kind: 'unknown' };
  }
}
