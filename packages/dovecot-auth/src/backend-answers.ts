import type { AuthBackend, LoginAttempt, LoginOutcome, UserRecord } from './backend.ts';

/**
 * Asks the backend to verify, and looks at what it says before anybody builds a line from it: a backend may be plain
 * JavaScript, and an answer that is none is our failure, not a crash and never an acceptance.
 *
 * @throws TypeError when the answer is not a LoginOutcome.
 */
export async function verify(backend: AuthBackend, attempt: LoginAttempt): Promise<LoginOutcome> {
  const outcome: unknown = await backend.verify(attempt);
  if (!isObject(outcome)) throw new TypeError('the backend answered verify with no object');
  const { kind, reason, record } = outcome;
  if (kind === 'accepted') return { kind, record: recordFrom(record) };
  if (kind !== 'refused' && kind !== 'disabled') throw new TypeError('the backend answered verify with no known kind');
  if (reason === undefined) return { kind };
  if (typeof reason !== 'string') throw new TypeError('the backend gave a reason that is no text');
  return { kind, reason };
}

/** Asks the backend for a user. @throws TypeError when the answer is neither a UserRecord nor undefined. */
export async function lookup(backend: AuthBackend, user: string, signal: AbortSignal): Promise<UserRecord | undefined> {
  const record: unknown = await backend.lookup(user, signal);
  return record === undefined ? undefined : recordFrom(record);
}

/** Asks the backend whether an accepted login still holds. @throws TypeError when the answer is neither yes nor no. */
export async function stillHolds(backend: AuthBackend, user: string, signal: AbortSignal): Promise<boolean> {
  const holds: unknown = backend.stillHolds === undefined ? true : await backend.stillHolds(user, signal);
  if (typeof holds !== 'boolean') throw new TypeError('the backend answered stillHolds with neither yes nor no');
  return holds;
}

function recordFrom(value: unknown): UserRecord {
  if (!isObject(value) || typeof value['user'] !== 'string' || value['user'] === '' || !isObject(value['fields'])) {
    throw new TypeError('the backend gave a record without a user or fields');
  }
  const fields: Record<string, string> = {};
  for (const [name, field] of Object.entries(value['fields'])) {
    if (!/^[\w/]+$/.test(name)) throw new TypeError(`the backend gave a field with the name ${JSON.stringify(name)}`);
    if (typeof field !== 'string') throw new TypeError(`the backend gave a field ${name} that is no text`);
    fields[name] = field;
  }
  return { user: value['user'], fields };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
