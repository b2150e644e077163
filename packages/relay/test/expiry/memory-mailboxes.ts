import type { Mailboxes, MailQuery } from '../../src/expiry/mailboxes.ts';
import type { ExpiryRules, StoredMail } from '../../src/expiry/rules.ts';

/** What a relay does unless it is told otherwise. */
export const testRules: ExpiryRules = {
  mailDays: 20,
  largeMailDays: 7,
  largeMailBytes: 200_000,
  unusedAccountDays: 90,
  mailboxBytes: 500_000_000,
  evictAbovePercent: 75,
  evictToPercent: 65,
};

/** In place of a Dovecot: mail in memory. Those that are broken fail whatever they are part of, as with doveadm. */
export class MemoryMailboxes implements Mailboxes {
  readonly mail = new Map<string, StoredMail[]>();
  readonly broken = new Set<string>();
  /** Who was looked at, in the order of looking. */
  readonly looked: string[] = [];

  async list(users: readonly string[], query: MailQuery): Promise<ReadonlyMap<string, readonly StoredMail[]>> {
    this.looked.push(...users);
    this.#check(users);
    return new Map(users.map((user) => [user, this.#of(user).filter((mail) => fits(mail, query))]));
  }

  async remove(users: readonly string[], query: MailQuery): Promise<void> {
    this.#check(users);
    for (const user of users)
      this.mail.set(
        user,
        this.#of(user).filter((mail) => !fits(mail, query)),
      );
  }

  async usage(users: readonly string[]): Promise<ReadonlyMap<string, number>> {
    this.#check(users);
    return new Map(users.map((user) => [user, this.#of(user).reduce((sum, { bytes }) => sum + bytes, 0)]));
  }

  #of(user: string): readonly StoredMail[] {
    return this.mail.get(user) ?? [];
  }

  #check(users: readonly string[]): void {
    const broken = users.find((user) => this.broken.has(user));
    if (broken !== undefined) throw new Error(`${broken}: a disk error`);
  }
}

function fits({ receivedAt, bytes, isSeen }: StoredMail, { before, large }: MailQuery): boolean {
  if (before !== undefined && receivedAt < before) return true;
  return (
    large !== undefined && bytes > large.overBytes && receivedAt < large.before && (isSeen || large.isSeen !== true)
  );
}
