import type { Kysely } from 'kysely';
import type { Tables } from '../store/tables.ts';
import type { ClockRecord } from './clock.ts';

/** What one run leaves for the next. */
export interface ExpiryState {
  readonly clock: ClockRecord | undefined;
  /** The rules by which the schedule was made, as text. */
  readonly rules: string | undefined;
}

export async function readState(db: Kysely<Tables>): Promise<ExpiryState> {
  const rows = await db.selectFrom('expiry_state').selectAll().execute();
  const values = new Map(rows.map(({ name, value }) => [name, value]));
  return { clock: parseClock(values.get('clock')), rules: values.get('rules') };
}

export async function writeState(db: Kysely<Tables>, { clock, rules }: ExpiryState): Promise<void> {
  for (const [name, value] of [
    ['clock', JSON.stringify(clock)],
    ['rules', rules],
  ] as const) {
    if (value === undefined) continue;
    await db
      .insertInto('expiry_state')
      .values({ name, value })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
      .execute();
  }
}

/** What a newer version may have written, or a hand, and we cannot read is a gap: nothing is removed for a while. */
function parseClock(text: string | undefined): ClockRecord | undefined {
  if (text === undefined) return undefined;
  const unknown: ClockRecord = { ranAt: 0, mailFrom: 0, accountsFrom: 0 };
  try {
    const { ranAt, mailFrom, accountsFrom }: Partial<Record<string, unknown>> = Object(JSON.parse(text));
    const isWhole = [ranAt, mailFrom, accountsFrom].every((value) => Number.isSafeInteger(value));
    return isWhole ? { ranAt: Number(ranAt), mailFrom: Number(mailFrom), accountsFrom: Number(accountsFrom) } : unknown;
  } catch {
    return unknown;
  }
}
