import { describe, expect, it } from 'vitest';
import { isSha512Crypt, verifySha512Crypt } from '../../src/accounts/sha512-crypt.ts';

const ofLetterA = '$6$b$gGrypGsRGH2Oyy7L7rke3Ap0GG5p/DwKrFOwpBXEy0ZV9TFmIGVMQjcmf4ZUJ2VERdPyNfcAl5Fo0lxKW.2Vx/';

/** Made with `openssl passwd -6 -salt …`; the one with rounds is from SHA-crypt.txt. */
const vectors: readonly [password: string, stored: string][] = [
  [
    'Hello world!',
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  ['a', ofLetterA],
  [
    'x'.repeat(200),
    '$6$0123456789abcdef$Rru0YcJdWAfylTzYkMBaHfdgEjT2jeUewuTfATTJEn/Inu1Ma3JNgneCwDVl2NaWmkgDKZzdSV8VisQ10exaF.',
  ],
  ['päss', '$6$zz$YDNRiYsSvz5D8EF6iIo.9Ay.dpnX1hlw86x0/yykDkxMsc4kPLYuCHsmjk3Zk15LlSeGdKp2TDsvCbo.CcIiz0'],
  [
    'Hello world!',
    '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
];

describe('a password of a chatmail relay', () => {
  it.each(vectors.map(([password, stored]) => ({ password: password.slice(0, 12), full: password, stored })))(
    'verifies: $stored',
    async ({ full, stored }) => {
      expect(await verifySha512Crypt(Buffer.from(full), `{SHA512-CRYPT}${stored}`)).toBe(true);
      expect(await verifySha512Crypt(Buffer.from(`${full}x`), stored)).toBe(false);
    },
  );

  it('is not known when it is of another form, cut off, or would keep the machine busy for minutes', () => {
    const stored = ofLetterA;
    expect(isSha512Crypt(`{SHA512-CRYPT}${stored}`)).toBe(true);
    for (const other of ['', '{SHA512-CRYPT}', stored.slice(0, -1), `{PLAIN}${stored}`, stored.replace('$6$', '$5$')]) {
      expect(isSha512Crypt(other)).toBe(false);
    }
    expect(isSha512Crypt(stored.replace('$6$b', '$6$rounds=999999999$b'))).toBe(false);
  });

  it('cannot be longer than crypt(3) takes, so that a long one costs nothing', async () => {
    const stored = ofLetterA;
    expect(await verifySha512Crypt(Buffer.alloc(100_000, 'a'), stored)).toBe(false);
  });
});
