import { beforeEach, describe, expect, it } from 'vitest';
import { Deliveries } from '../../src/push/deliveries.ts';

const [alice, bob] = ['alice0001@example.org', 'bob000001@example.org'];
let deliveries: Deliveries;

beforeEach(() => {
  deliveries = new Deliveries();
});

const read = (text: string): string | undefined => deliveries.read(`Nov 23 14:00:06 host postfix/${text}`);
const queued = (message: string, from: string): string | undefined =>
  read(`qmgr[88]: ${message}: from=<${from}>, size=3142, nrcpt=1 (queue active)`);
const handed = (message: string, to: string, status = 'sent (250 2.0.0 <x> aBc+D Saved)'): string | undefined =>
  read(
    `lmtp[91]: ${message}: to=<${to}>, relay=example.org[/run/postern/lmtp.sock], delay=0.05, delays=0.03/0.01/0.01/0, dsn=2.0.0, status=${status}`,
  );

describe('the mail that the log tells of', () => {
  it('is of whoever got it, from anybody else', () => {
    expect(queued('4F00A1', alice)).toBeUndefined();
    expect(handed('4F00A1', bob)).toBe(bob);
    expect(handed('4F00A1', alice)).toBeUndefined();
  });

  it('is of one person however the address is written', () => {
    queued('4F00A1', 'Alice0001@Example.org');
    expect(handed('4F00A1', 'ALICE0001@example.org')).toBeUndefined();
    expect(handed('4F00A1', 'BOB000001@example.org')).toBe(bob);
  });

  it('may come from nobody, and from somebody who is not known any more', () => {
    queued('4F00A1', '');
    expect(handed('4F00A1', bob)).toBe(bob);
    expect(handed('4F00A2', bob)).toBe(bob);
    queued('4F00A3', bob);
    read('qmgr[88]: 4F00A3: removed');
    expect(handed('4F00A3', bob)).toBe(bob);
  });

  it('is none until it is in the mailbox', () => {
    queued('4F00A1', alice);
    expect(
      handed('4F00A1', bob, 'deferred (host said: 452 4.2.2 <x> Quota exceeded, status=sent now)'),
    ).toBeUndefined();
    expect(handed('4F00A1', bob, 'bounced (host said: 550 5.1.1 User does not exist)')).toBeUndefined();
    expect(handed('4F00A1', bob)).toBe(bob);
  });

  it('is nothing that left, and nothing that only looks like it', () => {
    expect(
      read(`smtp[91]: 4F00A1: to=<${bob}>, relay=a.example[192.0.2.1]:25, dsn=2.0.0, status=sent (250 OK)`),
    ).toBeUndefined();
    expect(handed('4F00A1', '../../etc/passwd')).toBeUndefined();
    expect(handed('4F00A1', '"a b"@example.org')).toBeUndefined();
    expect(read(`cleanup[9]: 4F00A1: message-id=<to=<${bob}>, status=sent >`)).toBeUndefined();
    expect(deliveries.read('')).toBeUndefined();
  });

  it('takes no more memory for more mail', () => {
    for (let at = 0; at < 20_000; at += 1) queued(at.toString(16).toUpperCase(), bob);
    expect(handed((19_999).toString(16).toUpperCase(), bob)).toBeUndefined();
    expect(handed('0', bob)).toBe(bob);
  });
});
