import { ensureImage } from '@postern/docker';
import { execa } from 'execa';
import type { TestRelay } from '../relay.ts';
import type { Choices } from './choices.ts';

/** Something that goes wrong at a relay, and is put right again after a while. */
export interface Fault {
  readonly name: string;
  /**
   * Whether an answer between two mail servers, or Postfix and Dovecot, can get lost by it: then the message is sent
   * again, and may arrive twice (RFC 5321 §4.5.3.2.6, RFC 1047). Nothing else may double a message.
   */
  readonly mayDouble: boolean;
  begin(relay: TestRelay, others: readonly TestRelay[]): Promise<void>;
  end(relay: TestRelay, others: readonly TestRelay[]): Promise<void>;
}

/** pkill(1) options for each process; the brackets keep the shell that runs it from finding itself. */
const ours: Readonly<Record<string, string>> = {
  'the filter': `-f '[m]ain.js serve filter'`,
  'a filter worker': `--newest -f '[f]ilter-worker.js'`,
  'the auth service': `-f '[m]ain.js serve auth'`,
  'the web service': `-f '[m]ain.js serve web'`,
};
const theirs: Readonly<Record<string, string>> = {
  'Postfix (master)': '-x master',
  'Postfix (smtpd)': '-x smtpd',
  'Postfix (cleanup)': '-x cleanup',
  'Postfix (qmgr)': '-x qmgr',
  'Postfix (smtp and lmtp)': `-u postfix -x 'smtp|lmtp'`,
  'Postfix (rewrite, tlsmgr, bounce)': `-x 'trivial-rewrite|tlsmgr|bounce'`,
  'Dovecot (master)': '-x dovecot',
  'Dovecot (lmtp)': `-f '^dovecot/lmtp'`,
  'Dovecot (login and config)': `-x 'imap-login|config|anvil|stats'`,
};
const everything = `-x 'master|smtpd|cleanup|qmgr|smtp|lmtp|trivial-rewrite|tlsmgr|bounce|proxymap|dovecot|imap|imap-login|config|anvil|stats|log'; pkill -KILL -f '[m]ain.js serve'; pkill -KILL -f '[f]ilter-worker.js'`;

const filler = '/var/lib/postern/filler';
const lockProgram = `const D = require('/opt/postern/node_modules/better-sqlite3'); const db = new D('/var/lib/postern/postern.db', { timeout: 5000 }); db.exec('begin exclusive'); setInterval(() => {}, 1000);`;

export function allFaults(choices: Choices): readonly Fault[] {
  return [
    ...Object.entries(ours).flatMap(([name, who]) => faultsOf(name, who, false)),
    ...Object.entries(theirs).flatMap(([name, who]) => faultsOf(name, who, true)),
    kill('everything at once', everything, true),
    diskFull(0),
    diskFull(choices.integer(1, 3_000)),
    storeLocked,
    networkCut,
  ];
}

function faultsOf(name: string, who: string, mayDouble: boolean): Fault[] {
  return [kill(name, who, mayDouble), stop(name, who, mayDouble), slow(name, who, mayDouble)];
}

function kill(name: string, who: string, mayDouble: boolean): Fault {
  return {
    name: `kill ${name}`,
    mayDouble,
    begin: (relay) => attempt(relay, `pkill -KILL ${who}`),
    end: () => Promise.resolve(), // whoever keeps it running brings it back
  };
}

function stop(name: string, who: string, mayDouble: boolean): Fault {
  return {
    name: `stop ${name}`,
    mayDouble,
    begin: (relay) => attempt(relay, `pkill -STOP ${who}`),
    // All of them: the newest may be another one by now.
    end: (relay) => attempt(relay, `pkill -CONT ${who.replace('--newest ', '')}`),
  };
}

/** Runs for a tenth of the time. */
function slow(name: string, who: string, mayDouble: boolean): Fault {
  const marker = '/tmp/slow';
  const everyone = who.replace('--newest ', '');
  return {
    name: `slow down ${name}`,
    mayDouble,
    begin: (relay) =>
      attempt(
        relay,
        `touch ${marker}; (while [ -e ${marker} ]; do pkill -STOP ${who}; sleep 0.45; pkill -CONT ${everyone}; sleep 0.05; done) >/dev/null 2>&1 &`,
      ),
    end: (relay) => attempt(relay, `rm ${marker}; sleep 0.6; pkill -CONT ${everyone}`),
  };
}

function diskFull(leftKilobytes: number): Fault {
  return {
    name: `fill the disk up to ${leftKilobytes} KB`,
    mayDouble: true,
    begin: (relay) =>
      attempt(
        relay,
        `cat /dev/zero > ${filler} 2>/dev/null; truncate -s -${leftKilobytes}K ${filler}; cat /dev/null >> ${filler}`,
      ),
    end: (relay) => attempt(relay, `rm -f ${filler}`),
  };
}

const storeLocked: Fault = {
  name: 'lock the store',
  mayDouble: false,
  begin: (relay) => attempt(relay, `node -e "${lockProgram}" >/dev/null 2>&1 & echo $! > /tmp/locker`),
  end: (relay) => attempt(relay, 'kill -KILL $(cat /tmp/locker)'),
};

/** Between the relays; the answer to what was sent already does not come back either. */
const networkCut: Fault = {
  name: 'cut the network',
  mayDouble: true,
  begin: (relay, others) => changeRoutes(relay, others, 'add'),
  end: (relay, others) => changeRoutes(relay, others, 'del'),
};

async function changeRoutes(relay: TestRelay, others: readonly TestRelay[], change: 'add' | 'del'): Promise<void> {
  const image = await ensureImage('dns', 'trixie');
  for (const { address } of others) {
    const container = `--network container:${relay.container.getId()} --cap-add NET_ADMIN --entrypoint ip`;
    await execa('docker', [
      'run',
      '--rm',
      ...container.split(' '),
      image,
      ...`route ${change} blackhole ${address}`.split(' '),
    ]);
  }
}

/** What is to be killed may just have ended by itself. */
async function attempt(relay: TestRelay, command: string): Promise<void> {
  await relay.run(`${command}\ntrue`);
}
