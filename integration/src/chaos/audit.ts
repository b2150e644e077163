import { secretText } from '../messages.ts';
import type { TestRelay } from '../relay.ts';
import type { Sent } from './traffic.ts';

/** A time, in seconds since 1970, in which a message may have been delivered twice. */
export interface Disturbance {
  readonly from: number;
  readonly to: number;
}

interface Copy {
  readonly mailbox: string;
  /** When Dovecot wrote it: the name of the file begins with that (https://cr.yp.to/proto/maildir.html). */
  readonly at: number;
}

/** Everything that is not as it has to be, in words; empty when all is well. */
export async function audit(
  relays: readonly TestRelay[],
  sent: readonly Sent[],
  disturbances: readonly Disturbance[],
): Promise<string[]> {
  const copies = await copiesById(relays);
  const known = new Map(sent.map((message) => [message.id, message]));
  const strangers = [...copies.keys()].filter((id) => !known.has(id)).map((id) => `nobody sent ${id}`);
  const stored = (await Promise.all(relays.map((relay) => relay.everythingStored()))).join('');
  return [
    ...strangers,
    ...(stored.includes(secretText) ? ['readable text is stored'] : []),
    ...(/client\.example|authenticated sender/i.test(stored) ? ['a client’s own name is stored'] : []),
    ...sent.flatMap((message) => auditOne(message, copies.get(message.id) ?? [], disturbances)),
  ];
}

function auditOne(message: Sent, copies: readonly Copy[], disturbances: readonly Disturbance[]): string[] {
  const { id, isValid, to, outcome } = message;
  const told = outcome.kind === 'refused' ? `refused with ${outcome.reply}` : outcome.kind;
  const complaint = (text: string): string => `${id}, ${told}: ${text}`;
  const complaints: string[] = [];
  if (!isValid && outcome.kind === 'accepted') complaints.push(complaint('has to be refused'));
  if (isValid && outcome.kind === 'refused' && !outcome.reply.startsWith('4')) {
    complaints.push(complaint('may be deferred, not refused'));
  }
  const mayBeStored = isValid && (outcome.kind === 'accepted' || (outcome.kind === 'unknown' && outcome.wasComplete));
  for (const { mailbox } of copies) {
    if (!mayBeStored || !to.includes(mailbox)) complaints.push(complaint(`is in ${mailbox}`));
  }
  for (const mailbox of to) {
    const times = copies
      .filter((copy) => copy.mailbox === mailbox)
      .map(({ at }) => at)
      .toSorted((a, b) => a - b);
    if (outcome.kind === 'accepted' && times.length === 0) complaints.push(complaint(`is not in ${mailbox}`));
    // The answer to every copy but the last one got lost, so each of those was written in a disturbance.
    const unexcused = times
      .slice(0, -1)
      .filter((at) => !disturbances.some(({ from, to: end }) => from <= at && at <= end));
    if (unexcused.length > 0) complaints.push(complaint(`is ${times.length} times in ${mailbox}`));
  }
  return complaints;
}

async function copiesById(relays: readonly TestRelay[]): Promise<Map<string, Copy[]>> {
  const copies = new Map<string, Copy[]>();
  for (const relay of relays) {
    const found = await relay.run(
      `cd /var/lib/postern/mail && find . -type f -path '*/Maildir/new/*' -exec grep -aHim1 '^message-id:' {} +; true`,
    );
    for (const line of found.split('\n')) {
      const [, mailbox, at, id] = /^\.\/([^/]+)\/Maildir\/new\/(\d+)\.[^ ]*?:message-id: <([^@>]+)@/i.exec(line) ?? [];
      if (mailbox === undefined || at === undefined || id === undefined) continue;
      copies.set(id, [...(copies.get(id) ?? []), { mailbox, at: Number(at) }]);
    }
  }
  return copies;
}

export interface Footprint {
  readonly name: string;
  readonly descriptors: number;
  readonly megabytes: number;
}

/** What our processes have open and in memory. */
export async function footprints(relay: TestRelay): Promise<Footprint[]> {
  const listed = await relay.run(
    `for p in $(pgrep -f 'main.js (serve|supervise)|filter-worker.js'); do [ -d /proc/$p/fd ] && echo "$(ls /proc/$p/fd | wc -l) $(sed -n 's/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p' /proc/$p/status) $(tr '\\0' ' ' < /proc/$p/cmdline | grep -o '[a-z-]*\\.js.*')"; done; true`,
  );
  return listed
    .split('\n')
    .map((line) => /^(\d+) (\d+) (.+)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, descriptors, kilobytes, name = '']) => ({
      name: name.trim(),
      descriptors: Number(descriptors),
      megabytes: Number(kilobytes) / 1024,
    }));
}
