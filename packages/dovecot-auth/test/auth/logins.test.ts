import { describe, expect, it } from 'vitest';
import { UnclaimedLogins } from '../../src/auth/logins.ts';

const key = (id: number) => ({ clientPid: 1, id, cookie: 'c' });
const record = { user: 'alice@example.org', fields: {} };

describe('logins that nobody has claimed', () => {
  it('can be claimed once', () => {
    const logins = new UnclaimedLogins({ limit: 10, timeoutMs: 100 });
    logins.add(key(1), record, 0);
    expect(logins.claim(key(1), 99)).toBe(record);
    expect(logins.claim(key(1), 99)).toBeUndefined();
  });

  it('expire', () => {
    const logins = new UnclaimedLogins({ limit: 10, timeoutMs: 100 });
    logins.add(key(1), record, 0);
    expect(logins.claim(key(1), 100)).toBeUndefined();
  });

  it('take no more room than allowed: the oldest goes', () => {
    const logins = new UnclaimedLogins({ limit: 2, timeoutMs: 100 });
    for (const id of [1, 2, 3]) logins.add(key(id), record, 0);
    expect(logins.size).toBe(2);
    expect(logins.claim(key(1), 0)).toBeUndefined();
    expect(logins.claim(key(3), 0)).toBe(record);
  });

  it('are forgotten when later ones come', () => {
    const logins = new UnclaimedLogins({ limit: 100, timeoutMs: 100 });
    for (let id = 0; id < 50; id += 1) logins.add(key(id), record, 0);
    logins.add(key(99), record, 100);
    expect(logins.size).toBe(1);
  });
});
