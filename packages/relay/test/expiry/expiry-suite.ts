import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { expire, type ExpiryOptions, expireThese } from '../../src/expiry/expire.ts';
import type { StoredMail } from '../../src/expiry/rules.ts';
import type { Store } from '../../src/store/store.ts';
import { MemoryMailboxes, testRules } from './memory-mailboxes.ts';

const day = 86_400;

/** What the relay removes by itself, on whichever database it notes when to do it. */
export function describeExpiry(database: string, open: () => Promise<Store>): void {
  describe(`expiry, noted in ${database}`, () => {
    let store: Store;
    let mailboxes: MemoryMailboxes;
    let now: number;
    let asked: { unusedDays: number; isDryRun: boolean }[];

    beforeEach(async () => {
      store = await open();
      await store.write(async (db) => {
        for (const table of ['accounts', 'mailbox_visits', 'expiry_state'] as const)
          await db.deleteFrom(table).execute();
      });
      mailboxes = new MemoryMailboxes();
      now = 1_800_000_000;
      asked = [];
    });
    afterEach(() => store.close());

    const options = (changes: Partial<ExpiryOptions> = {}): ExpiryOptions => ({
      store,
      mailboxes,
      rules: testRules,
      now: () => now * 1_000,
      removeUnused: async ({ unusedDays, isDryRun }) => {
        asked.push({ unusedDays, isDryRun });
        return { removed: 0, failed: 0 };
      },
      ...changes,
    });
    const run = (changes: Partial<ExpiryOptions> = {}): ReturnType<typeof expire> => expire(options(changes));

    const account = async (...names: readonly string[]): Promise<void> => {
      const rest = { password: '{LOCKED}', proof: null, created_day: 20_000, reserved_until: null };
      for (let from = 0; from < names.length; from += 500) {
        const rows = names.slice(from, from + 500).map((address) => ({ address, ...rest }));
        await store.write((db) => db.insertInto('accounts').values(rows).execute());
      }
    };
    const aged = (ageDays: number, changes: Partial<StoredMail> = {}): StoredMail => ({
      receivedAt: now - ageDays * day,
      bytes: 1_000,
      isSeen: true,
      ...changes,
    });
    /** How many days from now a mailbox is looked at again. */
    const daysTo = async (address: string): Promise<number | undefined> => {
      const row = await store.read((db) =>
        db.selectFrom('mailbox_visits').select('visit_at').where('address', '=', address).executeTakeFirst(),
      );
      return row && (row.visit_at - now) / day;
    };

    it('removes what is too old, and comes again when something is', async () => {
      await account('alice', 'bob', 'empty');
      mailboxes.mail.set('alice', [aged(21), aged(20.5), aged(18), aged(1)]);
      mailboxes.mail.set('bob', [aged(8, { bytes: 300_000 }), aged(8, { bytes: 300_000, isSeen: false }), aged(8)]);
      expect(await run()).toMatchObject({ mailboxes: 3, messages: 3, bytes: 302_000, evicted: 0, failed: 0 });
      expect(mailboxes.mail.get('alice')).toEqual([aged(18), aged(1)]);
      expect(mailboxes.mail.get('bob')).toHaveLength(2);
      expect(await Promise.all(['alice', 'bob', 'empty'].map(daysTo))).toEqual([2, 1, 7]);
    });

    it('touches only what is due', async () => {
      await account('alice', 'bob');
      mailboxes.mail.set('alice', [aged(18)]);
      await run();
      mailboxes.looked.length = 0;
      expect(await run()).toMatchObject({ mailboxes: 0 });
      now += day;
      expect(await run()).toMatchObject({ mailboxes: 0 });
      now += day + 1;
      expect(await run()).toMatchObject({ mailboxes: 1, messages: 1 });
      expect(mailboxes.looked).toEqual(['alice']);
    });

    it('removes each message within a day of its time, and each mailbox is looked at every week, however often it runs', async () => {
      await account('alice', 'quiet');
      mailboxes.mail.set('alice', [aged(0.5), aged(5), aged(6.9, { bytes: 900_000 }), aged(12)]);
      const end = now + 21 * day;
      const late: number[] = [];
      for (; now < end; now += day / 4) {
        const before = mailboxes.mail.get('alice') ?? [];
        await run();
        const after = new Set(mailboxes.mail.get('alice'));
        for (const mail of before.filter((some) => !after.has(some))) {
          late.push((now - mail.receivedAt) / day - (mail.bytes > 200_000 ? 7 : 20));
        }
      }
      expect(late).toHaveLength(4);
      for (const days of late) expect(days > 0 && days <= 1.25).toBe(true);
      expect(mailboxes.looked.filter((user) => user === 'quiet')).toHaveLength(3);
    });

    it('looks first after a week at what was made today, and not at what an invite keeps', async () => {
      await account('old');
      const made = { password: '{LOCKED}', proof: null, created_day: Math.floor(now / day) };
      await store.write((db) =>
        db
          .insertInto('accounts')
          .values([
            { address: 'new', reserved_until: null, ...made },
            { address: 'kept', reserved_until: 2_000_000_000, ...made },
          ])
          .execute(),
      );
      expect(await run()).toMatchObject({ mailboxes: 1 });
      expect(await Promise.all(['new', 'kept'].map(daysTo))).toEqual([7, undefined]);
    });

    it('makes room where there is too little, and looks every hour as long as it cannot', async () => {
      await account('full', 'flooded');
      const rules = { ...testRules, mailboxBytes: 100_000, evictAbovePercent: 75, evictToPercent: 50 };
      mailboxes.mail.set('full', [
        aged(3, { bytes: 30_000 }),
        aged(2, { bytes: 30_000 }),
        aged(0.1, { bytes: 30_000 }),
      ]);
      mailboxes.mail.set('flooded', [aged(0.9, { bytes: 40_000 }), aged(0.1, { bytes: 40_000 })]);
      expect(await run({ rules })).toMatchObject({ evicted: 2, evictedBytes: 60_000, full: 1, messages: 0 });
      expect(mailboxes.mail.get('full')).toEqual([aged(0.1, { bytes: 30_000 })]);
      expect(mailboxes.mail.get('flooded')).toHaveLength(2);
      expect(await daysTo('flooded')).toBeCloseTo(1 / 24);
      now += 0.2 * day;
      expect(await run({ rules })).toMatchObject({ evicted: 1, full: 0 });
    });

    it('says what it would do, and changes nothing', async () => {
      await account('alice', 'full');
      const rules = { ...testRules, mailboxBytes: 100_000 };
      mailboxes.mail.set('alice', [aged(21), aged(2)]);
      mailboxes.mail.set('full', [aged(30, { bytes: 20_000 }), aged(2, { bytes: 80_000 }), aged(1, { bytes: 1 })]);
      const before = structuredClone(mailboxes.mail);
      const plan = await run({ rules, isDryRun: true });
      expect(plan).toMatchObject({ mailboxes: 2, messages: 2, bytes: 21_000, evicted: 1, evictedBytes: 80_000 });
      expect(mailboxes.mail).toEqual(before);
      expect(asked).toEqual([{ unusedDays: 90, isDryRun: true }]);
      const rows = async (table: 'mailbox_visits' | 'expiry_state'): Promise<unknown[]> =>
        await store.read((db) => db.selectFrom(table).selectAll().execute());
      expect([await rows('mailbox_visits'), await rows('expiry_state')]).toEqual([[], []]);
      expect(await run({ rules })).toEqual(plan);
    });

    it('goes by new rules at once, and a dry run says so', async () => {
      await account('alice');
      mailboxes.mail.set('alice', [aged(6)]);
      await run();
      const rules = { ...testRules, mailDays: 5 };
      expect(await run({ rules, isDryRun: true })).toMatchObject({ messages: 1 });
      expect(await run({ rules })).toMatchObject({ messages: 1 });
      expect(await run({ rules })).toMatchObject({ mailboxes: 0 });
    });

    it('goes on where it was killed, and loses nothing of what was under way', async () => {
      const names = Array.from({ length: 450 }, (_, at) => `user${at}`);
      await account(...names);
      for (const name of names) mailboxes.mail.set(name, [aged(21)]);
      const abort = new AbortController();
      const killed = run({
        onProgress: () => {
          abort.abort();
          throw new Error('killed');
        },
        signal: abort.signal,
      });
      await expect(killed).rejects.toThrow('killed');
      mailboxes.looked.length = 0;
      expect(await run()).toMatchObject({ mailboxes: 250 }); // the others are taken, for all that is known
      now += 601;
      expect(await run()).toMatchObject({ mailboxes: 200 });
      expect(new Set(mailboxes.looked).size).toBe(450);
      expect([...mailboxes.mail.values()].flat()).toEqual([]);
    });

    it('ends after what is under way when it is told to', async () => {
      await account(...Array.from({ length: 450 }, (_, at) => `user${at}`));
      const abort = new AbortController();
      expect(await run({ onProgress: () => abort.abort(), signal: abort.signal })).toMatchObject({ mailboxes: 200 });
      expect(await run()).toMatchObject({ mailboxes: 250 });
    });

    it('is shared by two runs at once: no mailbox is looked at twice', async () => {
      const names = Array.from({ length: 1_000 }, (_, at) => `user${String(at).padStart(4, '0')}`);
      await account(...names);
      const reports = await Promise.all([run(), run(), run()]);
      expect(reports.reduce((sum, report) => sum + report.mailboxes, 0)).toBe(1_000);
      expect(mailboxes.looked.toSorted()).toEqual(names);
    });

    it('is not held up by a mailbox that is broken', async () => {
      await account('alice', 'broken', 'carol');
      for (const name of ['alice', 'broken', 'carol']) mailboxes.mail.set(name, [aged(21)]);
      mailboxes.broken.add('broken');
      expect(await run()).toMatchObject({ mailboxes: 2, messages: 2, failed: 1, failure: 'broken: a disk error' });
      expect(await daysTo('broken')).toBeCloseTo(1 / 24);
      mailboxes.broken.clear();
      now += 3_601;
      expect(await run()).toMatchObject({ mailboxes: 1, messages: 1, failed: 0 });
    });

    it('removes mail also when accounts cannot be removed', async () => {
      await account('alice');
      mailboxes.mail.set('alice', [aged(21)]);
      const removeUnused = async (): Promise<never> => {
        throw new Error('doveadm who: no answer');
      };
      const report = await run({ removeUnused });
      expect(report).toMatchObject({ messages: 1, failed: 1, failure: 'doveadm who: no answer' });
    });

    it('ends when nothing can be worked on, and begins again later', async () => {
      const names = Array.from({ length: 300 }, (_, at) => `user${at}`);
      await account(...names);
      for (const name of names) mailboxes.broken.add(name);
      await expect(run()).rejects.toThrow('a disk error');
      expect(mailboxes.looked.length).toBeLessThan(210);
      mailboxes.broken.clear();
      now += 601;
      expect(await run()).toMatchObject({ mailboxes: 300 });
    });

    it('removes nothing right after the relay was off for long, unless it is told to', async () => {
      await account('alice');
      await run();
      mailboxes.mail.set('alice', [aged(0)]);
      now += 40 * day;
      expect(await run()).toMatchObject({ mailboxes: 0, pausedUntil: now + day });
      expect(await expireThese(['alice'], options())).toMatchObject({ mailboxes: 0 });
      expect(await run({ isDryRun: true, isClockTrusted: true })).toMatchObject({ messages: 1 });
      for (let hour = 0; hour < 24; hour += 1) {
        now += 3_600;
        asked.length = 0;
        const report = await run();
        expect(report.messages).toBe(hour === 23 ? 1 : 0);
      }
      expect(asked).toEqual([]); // accounts have thirty days
    });

    it('looks at the mailboxes it is told of, due or not, if they exist', async () => {
      await account('alice', 'bob');
      await run();
      mailboxes.mail.set('alice', [aged(21)]);
      const plan = await expireThese(['alice', 'nobody'], options({ isDryRun: true }));
      expect(plan).toMatchObject({ mailboxes: 1, messages: 1 });
      expect(await expireThese(['alice', 'nobody'], options())).toEqual(plan);
      expect(await daysTo('alice')).toBe(7);
    });

    it('forgets a mailbox with its account', async () => {
      await account('alice');
      await run();
      await store.write((db) => db.deleteFrom('accounts').execute());
      expect(await daysTo('alice')).toBeUndefined();
    });
  });
}
