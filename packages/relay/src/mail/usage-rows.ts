import type { Kysely } from 'kysely';
import { z } from 'zod';
import type { Tables } from '../store/tables.ts';
import { type Usage, usageLifetimeMs } from './budget.ts';

const entries = z.array(z.tuple([z.number(), z.number()]));
const reserved = z.object({
  id: z.string(),
  atMs: z.number(),
  messages: z.number(),
  recipients: z.number(),
  bytes: z.number(),
});
const usage: z.ZodType<Usage> = z.object({
  messages: entries,
  recipients: entries,
  bytes: entries,
  reserved: z.array(reserved),
});

/** @throws ZodError, SyntaxError when the row was not written by us. */
export function parseUsage(text: string): Usage {
  return usage.parse(JSON.parse(text));
}

export async function writeUsage(db: Kysely<Tables>, key: string, value: Usage, atMs: number): Promise<void> {
  const row = { changed_at_ms: Math.round(atMs), usage: JSON.stringify(value) };
  await db
    .insertInto('mail_usage')
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute();
}

/** Deletes what no window reaches any more. */
export async function deleteOldUsage(db: Kysely<Tables>, nowMs: number): Promise<void> {
  await db
    .deleteFrom('mail_usage')
    .where('changed_at_ms', '<', Math.round(nowMs - usageLifetimeMs))
    .execute();
}
