import type { Administration } from './administration.ts';

export interface UnusedOptions {
  readonly unusedDays: number;
  readonly isDryRun: boolean;
  readonly signal: AbortSignal;
  /** Who has a connection open at this moment: one that has been open for long is use, too. */
  readonly connectedUsers: () => Promise<ReadonlySet<string>>;
}

/**
 * Removes accounts that nobody has used for so long. One into which somebody logs in meanwhile stays: the login is noted
 * before it is accepted (backend), and the removal looks once more in its own transaction.
 */
export async function removeUnused(
  accounts: Administration,
  { unusedDays, isDryRun, signal, connectedUsers }: UnusedOptions,
): Promise<{ readonly removed: number; readonly failed: number }> {
  let connected: ReadonlySet<string> | undefined;
  let [removed, failed] = [0, 0];
  for await (const { address, isReserved } of accounts.select({ unseenDays: unusedDays })) {
    if (signal.aborted) break;
    if (isReserved === true) continue;
    connected ??= await connectedUsers();
    if (connected.has(address)) {
      if (!isDryRun) await accounts.noteSeen(address);
      continue;
    }
    try {
      if (isDryRun || (await accounts.remove(address, { unseenDays: unusedDays }))) removed += 1;
    } catch {
      failed += 1; // what was not removed of it yet comes with the leftovers
    }
  }
  await accounts.endLatecomers();
  return { removed, failed };
}
