/** Why the store could not do what it was asked. All but `newer-schema` and `missing-file` may pass by themselves. */
export type StoreErrorCode =
  | 'locked' // another process kept writing for longer than we wait
  | 'full' // no space left
  | 'missing-file' // the database file was moved away, or is not there yet
  | 'unreachable' // PostgreSQL does not answer, or refuses us
  | 'newer-schema' // a newer Postern has migrated the database
  | 'failed';

/** The database did not answer. Whoever asked treats it as a temporary failure; the message is for the operator's log. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Turns what a driver threw into a {@link StoreError}; the messages never hold a value from a query. */
export function storeError(cause: unknown, where: string): StoreError {
  if (cause instanceof StoreError) return cause;
  const { code, sentence } = isLostConnection(cause) ? unreachable : explain(driverCode(cause));
  return new StoreError(code, `${where}: ${sentence} (${driverCode(cause) || String(cause)})`, { cause });
}

/** Whether the same work may well succeed when it is simply done again. */
export function isContention(cause: unknown): boolean {
  return /^(SQLITE_BUSY|SQLITE_LOCKED|40001$|40P01$)/.test(driverCode(cause));
}

function driverCode(cause: unknown): string {
  if (!(cause instanceof Error) || !('code' in cause)) return '';
  return typeof cause.code === 'string' ? cause.code : '';
}

const unreachable = { code: 'unreachable', sentence: 'the database does not answer' } as const;

/**
 * What the driver for PostgreSQL says, without a code, when a connection was cut, cannot be had, or gives no answer in
 * time. Source: pg lib/client.js, pg-pool index.js.
 */
function isLostConnection(cause: unknown): boolean {
  return (
    cause instanceof Error &&
    driverCode(cause) === '' &&
    /^(Connection terminated|timeout (expired|exceeded)|Query read timeout$|Client (has encountered|was closed))/.test(
      cause.message,
    )
  );
}

function explain(driver: string): { readonly code: StoreErrorCode; readonly sentence: string } {
  if (/^(SQLITE_BUSY|SQLITE_LOCKED|40001|40P01|55P03)/.test(driver)) {
    return { code: 'locked', sentence: 'the database is locked by another process' };
  }
  if (/^(SQLITE_FULL|ENOSPC|53100)/.test(driver)) return { code: 'full', sentence: 'there is no space left' };
  if (/^(SQLITE_CANTOPEN|ENOENT)/.test(driver)) {
    return { code: 'missing-file', sentence: 'the database file cannot be opened' };
  }
  // PostgreSQL, appendix A: class 08 connection, 28 authorization, 3D unknown database, 53/57 out of resources, shutdown
  if (/^(E[A-Z]+$|08|28|3D|53|57)/.test(driver)) return unreachable;
  return { code: 'failed', sentence: 'the database failed' };
}
