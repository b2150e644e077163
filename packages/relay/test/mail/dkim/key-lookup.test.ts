import { describe, expect, it } from 'vitest';
import { KeyLookup } from '../../../src/mail/dkim/key-lookup.ts';

const name = 'postern._domainkey.chat.example';

class Dns {
  asked: string[] = [];
  answer: readonly (readonly string[])[] | string = [['v=DKIM1; p=QUJD']];

  lookUp = (asked: string): Promise<readonly (readonly string[])[]> => {
    this.asked.push(asked);
    if (typeof this.answer !== 'string') return Promise.resolve(this.answer);
    return Promise.reject(Object.assign(new Error('dns'), { code: this.answer }));
  };
}

describe('a look-up of keys', () => {
  it('keeps a key for a while, whatever the case of its name', async () => {
    const dns = new Dns();
    let nowMs = 0;
    const keys = new KeyLookup(dns.lookUp, () => nowMs);
    expect(await keys.find(name)).toEqual({ kind: 'found', record: 'v=DKIM1;p=QUJD', isKept: false });
    expect(await keys.find(name.toUpperCase())).toMatchObject({ isKept: true });
    nowMs = 900_001;
    expect(await keys.find(name)).toMatchObject({ isKept: false });
    expect(dns.asked).toHaveLength(2);
  });

  it.each([
    ['ENOTFOUND', 'absent'],
    ['ENODATA', 'absent'],
    ['EBADNAME', 'absent'],
    ['ETIMEOUT', 'unknown'],
    ['ESERVFAIL', 'unknown'],
    ['EREFUSED', 'unknown'],
    ['ECONNREFUSED', 'unknown'],
  ])('takes %s as %s, and asks again the next time', async (code, kind) => {
    const dns = new Dns();
    dns.answer = code;
    const keys = new KeyLookup(dns.lookUp, () => 0);
    expect(await keys.find(name)).toEqual({ kind, isKept: false });
    dns.answer = [['p=QUJD']];
    expect(await keys.find(name)).toMatchObject({ kind: 'found' });
  });

  it.each([
    ['in several strings', [['v=DKIM1; k=rsa; p=QU', 'JD']]],
    ['with line breaks and quotes in it', [['v=DKIM1;\n\t k=rsa; "', '"p=QUJD']]],
    ['beside other records', [['v=spf1 -all'], ['v=DKIM1; k=rsa; p=QUJD'], ['p=']]],
  ])('reads a record %s', async (_, answer) => {
    const dns = new Dns();
    dns.answer = answer;
    expect(await new KeyLookup(dns.lookUp, () => 0).find(name)).toMatchObject({ record: 'v=DKIM1;k=rsa;p=QUJD' });
  });

  it('takes no record that is larger than any key', async () => {
    const dns = new Dns();
    dns.answer = [[`p=${'Q'.repeat(10_000)}`]];
    expect(await new KeyLookup(dns.lookUp, () => 0).find(name)).toMatchObject({ kind: 'absent' });
  });

  it('keeps at most a thousand', async () => {
    const dns = new Dns();
    const keys = new KeyLookup(dns.lookUp, () => 0);
    for (let n = 0; n <= 1_000; n += 1) await keys.find(`${n}.example`);
    expect(await keys.find('1000.example')).toMatchObject({ isKept: true });
    expect(await keys.find('0.example')).toMatchObject({ isKept: false });
  });
});
