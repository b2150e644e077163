import type { Suite } from '@postern/docker';
import type { TestRelay } from '../relay.ts';
import { type Hop, measureHops, measureLogins } from './hops.ts';

const dovecot = '/run/postern/dovecot.conf';
const postfix = '/run/postern/postfix';
const noDelay = '/usr/local/lib/postern/nodelay.so';

/** Its master has what it preloads for as long as it lives; the supervisor starts another. */
const restartPostfix = `old=$(pgrep -x master); kill $old
until new=$(pgrep -x master) && [ "$new" != "$old" ] && postfix -c ${postfix} status; do sleep 0.1; done 2>/dev/null`;
const withoutNoDelay = {
  takeBack: `[ ! -f ${noDelay} ] || mv ${noDelay} /tmp\n${restartPostfix}`,
  putBack: `mv /tmp/nodelay.so ${noDelay}\n${restartPostfix}`,
};

/** A setting that the relay makes for the sake of speed, and how to take it back alone. */
interface SpeedSetting {
  readonly name: string;
  /** A shell command. */
  readonly takeBack: string;
  /** What to do beyond bringing back Dovecot's and Postfix's files. */
  readonly putBack?: string;
  readonly measures: Hop | 'IMAP login' | 'first message after a pause';
  /** Where the other series does so by itself. */
  readonly only?: Suite;
}

export const speedSettings: readonly SpeedSetting[] = [
  {
    name: 'the plugin postern_notify',
    takeBack: `sed -i '/postern_notify = yes/d; s/ postern_notify$//' ${dovecot}`,
    measures: '250 to EXISTS',
  },
  {
    name: 'lmtp: a process takes one message after another',
    takeBack: `sed -i '/^service lmtp {/,/^}/{/restart_request_count/d; /process_min_avail/d}' ${dovecot}`,
    measures: '250 to EXISTS',
    only: 'trixie',
  },
  {
    name: 'lmtp_connection_cache_destinations: its connection stays',
    takeBack: `postconf -c ${postfix} -e lmtp_connection_cache_destinations=`,
    measures: '250 to EXISTS',
  },
  {
    name: 'imap: processes started ahead, that stay',
    takeBack: `sed -i '/^service imap {/,/^}/{/process_min_avail/d; /restart_request_count/d; /service_count/d}' ${dovecot}`,
    measures: 'IMAP login',
  },
  {
    name: 'imap-login: processes that stay',
    takeBack: `sed -i '/^service imap-login {/,/^}/{/restart_request_count/d; /service_count/d; /process_min_avail/d}' ${dovecot}`,
    measures: 'IMAP login',
  },
  {
    name: 'nodelay.so: no answer waits for another',
    ...withoutNoDelay,
    measures: 'connect to 465: TCP, TLS, greeting',
  },
  {
    name: 'nodelay.so',
    ...withoutNoDelay,
    measures: 'MAIL, RCPT, DATA: to the 354',
  },
  { name: 'max_idle: processes of Postfix stay', takeBack: 'true', measures: 'first message after a pause' },
];

export interface SettingTimes {
  readonly name: string;
  readonly measures: SpeedSetting['measures'];
  readonly withIt: readonly number[];
  readonly without: readonly number[];
}

/** Takes back one setting after the other, each alone. @returns milliseconds with and without it. */
export async function measureSettings(relay: TestRelay, suite: Suite, count: number): Promise<SettingTimes[]> {
  await relay.run(`cp ${dovecot} /tmp/dovecot.conf && cp -r ${postfix} /tmp/postfix`);
  const measured: SettingTimes[] = [];
  for (const { name, takeBack, putBack = 'true', measures, only } of speedSettings) {
    if (only !== undefined && only !== suite) continue;
    const withIt = await measure(relay, measures, count, false);
    await relay.run(takeBack);
    await reload(relay);
    const without = await measure(relay, measures, count, true);
    await relay.run(`cp /tmp/dovecot.conf ${dovecot} && cp /tmp/postfix/* ${postfix}/`);
    await relay.run(putBack);
    await reload(relay);
    measured.push({ name, measures, withIt, without });
  }
  return measured;
}

async function measure(
  relay: TestRelay,
  what: SpeedSetting['measures'],
  count: number,
  isTakenBack: boolean,
): Promise<number[]> {
  await measureHops(relay, 3); // starts what starts on demand
  if (what === 'IMAP login') return await measureLogins(relay, count);
  if (what !== 'first message after a pause')
    return (await measureHops(relay, count)).map(({ times }) => times.get(what) ?? 0);
  // What a pause longer than max_idle leaves behind is what a reload does: no process but the lasting ones.
  const pause = (): Promise<unknown> => (isTakenBack ? relay.run(`postfix -c ${postfix} reload`) : Promise.resolve());
  const deliveries = await measureHops(relay, count, pause);
  return deliveries.map(({ times }) => [...times.values()].reduce((sum, ms) => sum + ms, 0));
}

async function reload(relay: TestRelay): Promise<void> {
  await relay.run(`doveadm -c ${dovecot} reload && postfix -c ${postfix} reload`);
}

/** What Dovecot and Postfix would do without the settings that the relay gives them for the sake of speed. */
export async function makeStock(relay: TestRelay): Promise<void> {
  for (const { takeBack } of speedSettings) await relay.run(takeBack);
  await relay.run(`sed -i 's/^imap_hibernate_timeout.*/imap_hibernate_timeout = 0/' ${dovecot}`);
  await reload(relay);
}
