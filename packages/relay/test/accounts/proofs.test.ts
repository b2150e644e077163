import { describe, expect, it } from 'vitest';
import { isProof, prove, RememberedLogins } from '../../src/accounts/proofs.ts';

const key = Buffer.alloc(32, 1);
const claim = { user: 'somebody1@chat.example', password: Buffer.from('correct horse'), stored: '{ARGON2ID}one' };

describe('a proof', () => {
  it('holds for the same user, password, stored form and key, and for nothing else', () => {
    const proof = prove(key, claim).toString('base64url');
    expect(isProof(proof, key, claim)).toBe(true);
    expect(isProof(proof, Buffer.alloc(32, 2), claim)).toBe(false);
    expect(isProof(proof, key, { ...claim, user: 'somebody2@chat.example' })).toBe(false);
    expect(isProof(proof, key, { ...claim, stored: '{ARGON2ID}two' })).toBe(false);
    expect(isProof(proof, key, { ...claim, password: Buffer.from('correct horsf') })).toBe(false);
    expect(isProof('', key, claim)).toBe(false);
    expect(isProof(proof.slice(0, -4), key, claim)).toBe(false);
  });

  it('does not confuse where one field ends and the next begins', () => {
    const moved = { user: `${claim.user}{`, password: claim.password, stored: claim.stored.slice(1) };
    expect(prove(key, moved)).not.toEqual(prove(key, claim));
  });
});

describe('remembered logins', () => {
  const remembering = (maxRemembered = 3): RememberedLogins =>
    new RememberedLogins({ key, maxRemembered, rememberSeconds: 60 });

  it('know a password until their time is over, however often it is used', () => {
    const logins = remembering();
    expect(logins.has(claim, 0)).toBe(false);
    logins.add(claim, 0);
    expect(logins.has(claim, 30_000)).toBe(true);
    expect(logins.has(claim, 59_999)).toBe(true);
    expect(logins.has(claim, 60_000)).toBe(false);
    expect(logins.has(claim, 0)).toBe(false);
  });

  it('know nothing of another password, nor of an account that changed', () => {
    const logins = remembering();
    logins.add(claim, 0);
    expect(logins.has({ ...claim, password: Buffer.from('wrong horse') }, 0)).toBe(false);
    expect(logins.has({ ...claim, stored: '{ARGON2ID}two' }, 0)).toBe(false);
    expect(logins.has(claim, 0)).toBe(true); // a wrong password throws nobody out
  });

  it('forget whom they have not seen for longest', () => {
    const logins = remembering(2);
    const of = (user: string): typeof claim => ({ ...claim, user });
    logins.add(of('a'), 0);
    logins.add(of('b'), 0);
    expect(logins.has(of('a'), 0)).toBe(true);
    logins.add(of('c'), 0);
    expect([logins.has(of('a'), 0), logins.has(of('b'), 0), logins.has(of('c'), 0)]).toEqual([true, false, true]);
  });
});
