import type { ExpiryReport } from '@postern/relay';

/** What a run did, or would do, for people. */
export function sentences(report: ExpiryReport, isDryRun: boolean): string[] {
  const { messages, bytes, evicted, evictedBytes, full, accounts, mailboxes, failed, failure, pausedUntil } = report;
  const would = isDryRun ? 'would be removed' : 'removed';
  return [
    ...(pausedUntil === undefined
      ? []
      : [
          `The relay was off for more than two days, or its clock has jumped: before ${dateOf(pausedUntil)} ${mailboxes === 0 ? 'nothing' : 'no account'} is removed (--after-gap: now).`,
        ]),
    `${many(messages, 'message')} too old ${would} (${megabytes(bytes)}), ${many(evicted, 'message')} ${would} to make room (${megabytes(evictedBytes)}).`,
    `${many(accounts, 'unused account')} ${would}.`,
    `${many(mailboxes, 'mailbox', 'mailboxes')} looked at${full === 0 ? '' : `, of which ${full} stay too full for now: all their mail is of the last day`}.`,
    ...(failed === 0
      ? []
      : [`${failed} could not be worked on, and come again${failure === undefined ? '' : `: ${failure}`}.`]),
  ];
}

function many(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toLocaleString('en', { maximumFractionDigits: 1 })} MB`;
}

function dateOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ').concat(' UTC');
}
