import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { OperatorFixture, today } from './operator-fixture.ts';
const silent = { isDryRun: false, onProgress: () => {} };

/** What an operator sees of accounts, on whichever database they are kept. */
export function describeAdministration(database: string, open: () => Promise<Store>): void {
  describe(`an operator who looks at accounts in ${database}`, () => {
    let at: OperatorFixture;
    beforeEach(async () => {
      at = await OperatorFixture.begin(open);
    });
    afterEach(() => at.end());

    it('chooses by age, by when somebody was last here, by block and by name', async () => {
      await at.write('new-today');
      await at.write('old-never', { created_day: today - 400 });
      await at.write('old-imap', { created_day: today - 400, last_imap_day: today - 3 });
      await at.write('old-smtp', { created_day: today - 400, last_smtp_day: today - 3 });
      await at.write('blocked', { created_day: today - 10, blocked_day: today });
      expect(await at.selected({})).toEqual(['blocked', 'new-today', 'old-imap', 'old-never', 'old-smtp']);
      expect(await at.selected({ unseenDays: 90 })).toEqual(['old-never']);
      expect(await at.selected({ seenDays: 3 })).toEqual(['new-today', 'old-imap', 'old-smtp']);
      expect(await at.selected({ minAgeDays: 10 })).toEqual(['blocked', 'old-imap', 'old-never', 'old-smtp']);
      expect(await at.selected({ maxAgeDays: 10 })).toEqual(['blocked', 'new-today']);
      expect(await at.selected({ isBlocked: true })).toEqual(['blocked']);
      expect(await at.selected({ isBlocked: false, minAgeDays: 400, seenDays: 9 })).toEqual(['old-imap', 'old-smtp']);
      expect(await at.selected({ containing: 'SMTP' })).toEqual(['old-smtp']);
      expect(await at.selected({ containing: 'old_' })).toEqual([]); // an underscore is itself, not any letter
      expect(await at.selected({ containing: "'; drop table accounts; --" })).toEqual([]);
    });

    it('counts without reading them all', async () => {
      await at.write('one');
      await at.write('two', { blocked_day: today });
      await at.write('three', { reserved_until: 2_000_000_000 });
      expect(await at.operator.count({})).toEqual({ accounts: 2, blocked: 1, reserved: 1 });
      expect(await at.operator.count({ isBlocked: true })).toEqual({ accounts: 1, blocked: 1, reserved: 0 });
    });

    it('reads more of them than a page holds, in order', async () => {
      const names = Array.from({ length: 2_345 }, (_, at) => `user${String(at).padStart(5, '0')}`);
      writeFileSync(
        join(at.folder, 'many'),
        names
          .map((name) => JSON.stringify({ address: `${name}@chat.example`, password: '', created: '2026-01-01' }))
          .toReversed()
          .join('\n'),
      );
      const seen: number[] = [];
      const report = await at.operator.import(join(at.folder, 'many'), {
        ...silent,
        onProgress: (done) => seen.push(done),
      });
      expect(report).toEqual({ added: 2_345, same: 0, kept: 0, locked: 2_345, refused: [] });
      expect(seen).toEqual([500, 1_000, 1_500, 2_000, 2_345]);
      expect(await at.selected({})).toEqual(names);
    });
  });
}
