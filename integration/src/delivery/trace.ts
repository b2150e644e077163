import type { TestRelay } from '../relay.ts';
import type { Delivery } from './hops.ts';

/** What happens to a message between the client's last octet and the reader's EXISTS, in that order. */
export const stationNames = [
  'smtpd, cleanup and the filter take the message',
  'cleanup: fsync of the queue file',
  'cleanup to qmgr',
  'qmgr to lmtp',
  'lmtp to Dovecot: dialogue, file in the Maildir with fsync',
  'Maildir to EXISTS at the client: index, notify',
] as const;
export type Station = (typeof stationNames)[number];

const calls = 'trace=fsync,connect,rename';
const programs = [
  { folder: '/usr/lib/postfix/sbin', name: 'master' },
  { folder: '/usr/sbin', name: 'dovecot' },
] as const;

/**
 * Starts Postfix and Dovecot once more under strace(1), which is to note a few calls with their time; all others run at
 * full speed (`--seccomp-bpf`). Needs Debian's mirror.
 */
export async function startTrace(relay: TestRelay): Promise<void> {
  await relay.run('{ apt-get update && apt-get install -y --no-install-recommends strace; } > /dev/null 2>&1');
  for (const { folder, name } of programs) {
    const program = `${folder}/${name}`;
    const traced = `exec strace -f --seccomp-bpf -ttt -T -s 0 -e ${calls} -o /tmp/${name}.trace ${program}.real "$@"`;
    await relay.run(
      `mv ${program} ${program}.real && printf '#!/bin/sh\\n%s\\n' '${traced}' > ${program} && chmod 755 ${program}`,
    );
  }
  await relay.run('kill $(cat /run/postern/dovecot/master.pid) $(cat /var/lib/postern/queue/pid/master.pid)');
  const areBack = programs.map(({ name }) => `pgrep -f ${name}.real > /dev/null`).join(' && ');
  await relay.run(`for n in $(seq 100); do ${areBack} && postern health && exit 0; sleep 0.1; done; exit 1`);
}

/** @returns the milliseconds of each message, station by station. */
export async function readTrace(relay: TestRelay, deliveries: readonly Delivery[]): Promise<Map<Station, number[]>> {
  const postfix = parse(await relay.run('cat /tmp/master.trace'));
  const dovecot = parse(await relay.run('cat /tmp/dovecot.trace'));
  const times = new Map<Station, number[]>(stationNames.map((name) => [name, []]));
  for (const { sentMs, existsMs } of deliveries) {
    const during = (all: readonly Call[]): Call[] => all.filter(({ ms }) => ms >= sentMs && ms <= existsMs);
    const [ofPostfix, ofDovecot] = [during(postfix), during(dovecot)];
    const fsync = ofPostfix.find(({ name }) => name === 'fsync'); // cleanup, before it says that it has the message
    const taken = ofPostfix.find(({ name, ms }) => name === 'rename' && ms >= (fsync?.ms ?? Infinity)); // qmgr: incoming to active
    const handed = ofPostfix.findLast(({ name }) => name === 'connect'); // lmtp to Dovecot
    const filed = ofDovecot.find(({ name, ms }) => name === 'rename' && ms >= (handed?.ms ?? Infinity)); // tmp to new
    if (fsync === undefined || taken === undefined || handed === undefined || filed === undefined) continue;
    const marks = [sentMs, fsync.ms, fsync.endMs, taken.ms, handed.ms, filed.ms, existsMs];
    for (const [at, name] of stationNames.entries()) times.get(name)?.push((marks[at + 1] ?? 0) - (marks[at] ?? 0));
  }
  return times;
}

interface Call {
  readonly name: string;
  readonly ms: number;
  readonly endMs: number;
}

/** `PID SECONDS call(…) = 0`, or with `<unfinished ...>` and later `PID SECONDS <... call resumed>` (strace(1)). */
function parse(text: string): Call[] {
  const found: { pid: string; name: string; ms: number; endMs: number }[] = [];
  for (const [, pid = '', seconds = '', rest = ''] of text.matchAll(/^(\d+) +(\d+\.\d+) (.*)$/gm)) {
    const ms = Number(seconds) * 1000;
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(rest)?.[1];
    if (resumed !== undefined) {
      const begun = found.findLast((call) => call.pid === pid && call.name === resumed);
      if (begun !== undefined) begun.endMs = ms;
      continue;
    }
    const name = /^(\w+)\(/.exec(rest)?.[1];
    const duration = Number(/<(\d+\.\d+)>$/.exec(rest)?.[1] ?? 0) * 1000;
    if (name !== undefined) found.push({ pid, name, ms, endMs: ms + duration });
  }
  return found;
}
