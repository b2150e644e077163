import { afterAll, describe, expect, it } from 'vitest';
import { checkMessage } from '../src/index.ts';
import { Judges } from '../fuzz/judges.ts';
import { mutated } from '../fuzz/mutate.ts';
import { ordinaryMessages } from '../fuzz/ordinary.ts';
import { Random } from '../fuzz/random.ts';

describe('mailparser, OpenPGP.js and the email package of Python', () => {
  const judges = new Judges();
  afterAll(() => judges[Symbol.dispose]());

  const objections = async (messages: readonly Buffer[]): Promise<object[]> => {
    const all = [];
    for (const raw of messages) {
      const said = await judges.objections(raw);
      if (said.length > 0) all.push({ raw: raw.toString('latin1'), said });
    }
    return all;
  };

  it('agree with every genuine message', async () => {
    const isEncrypted = (raw: Buffer): boolean => checkMessage(raw, { direction: 'incoming' }).kind === 'encrypted';
    expect(await objections(ordinaryMessages().filter((raw) => isEncrypted(raw)))).toEqual([]);
  }, 60_000);

  it('agree with every mutation that the check calls encrypted', async () => {
    const random = new Random(1);
    const ordinary = ordinaryMessages();
    const messages = Array.from({ length: 2000 }, () => mutated(random, ordinary));
    const direction = { direction: 'incoming' } as const; // it finds more encrypted than outgoing does
    const encrypted = messages.filter((raw) => checkMessage(raw, direction).kind === 'encrypted');
    expect(encrypted.length).toBeGreaterThan(30);
    expect(await objections(encrypted)).toEqual([]);
  }, 120_000);

  it('do object to text', async () => {
    const shown =
      ordinaryMessages()[0]?.toString('latin1').replace('\r\n\r\n\r\n--', '\r\n\r\nMeet me at noon.\r\n--') ?? '';
    expect((await judges.objections(Buffer.from(shown, 'latin1'))).join()).toContain('a preamble');
  });
});
