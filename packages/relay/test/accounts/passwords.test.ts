import { verify as argon2Verify } from 'argon2';
import { describe, expect, it } from 'vitest';
import { isKnownHash, lockedPassword, Passwords } from '../../src/accounts/passwords.ts';
import { accountDefaults } from '../../src/accounts/settings.ts';

const never = new AbortController().signal;
const passwords = new Passwords(accountDefaults.passwords);
const typed = Buffer.from('correct horse');

describe('a stored password', () => {
  it('is Argon2id at what OWASP asks for at least, with the parameters in the order that Dovecot reads', async () => {
    const stored = await passwords.hash(typed, never);
    expect(stored).toMatch(/^\{ARGON2ID\}\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/);
    expect(isKnownHash(stored)).toBe(true);
    expect(await argon2Verify(stored.slice('{ARGON2ID}'.length), typed)).toBe(true);
    expect(await passwords.verify(typed, stored, never)).toBe(true);
    expect(await passwords.verify(Buffer.from('wrong horse'), stored, never)).toBe(false);
  });

  it('is never the same twice', async () => {
    expect(await passwords.hash(typed, never)).not.toBe(await passwords.hash(typed, never));
  });

  it('is outdated when the cost was changed, or it is of another kind', async () => {
    const stored = await passwords.hash(typed, never);
    const dearer = { ...accountDefaults.passwords, argon2: { memoryKiB: 19_456, passes: 3, lanes: 1 } };
    expect(passwords.isOutdated(stored)).toBe(false);
    expect(new Passwords(dearer).isOutdated(stored)).toBe(true);
    expect(passwords.isOutdated('{SHA512-CRYPT}$6$b$x')).toBe(true);
  });

  it('that nobody can check lets nobody in', async () => {
    expect(await passwords.verify(typed, lockedPassword, never)).toBe(false);
    expect(await passwords.verify(Buffer.from(lockedPassword), lockedPassword, never)).toBe(false);
    await expect(passwords.verify(typed, '{PLAIN}correct horse', never)).rejects.toThrow('unknown form: {PLAIN}');
    await expect(passwords.verify(typed, '', never)).rejects.toThrow('no {SCHEME}');
  });

  it('is not taken from outside when checking it would need more memory than there is', () => {
    expect(
      isKnownHash('{ARGON2ID}$argon2id$v=19$m=9999999,t=1,p=1$c29tZXNhbHRzYWx0$c29tZWhhc2hzb21laGFzaHNvbWVoYXNo'),
    ).toBe(false);
  });
});
