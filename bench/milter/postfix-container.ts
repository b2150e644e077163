import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { docker, ensureImage } from '../../docker/src/index.ts';

/**
 * Real Postfix with `smtp-source` in one container, ten clients, a connection for each message unless it says
 * otherwise: without a filter and with each kind of negotiation, in turns.
 */
export const services = [
  { name: 'no filter', port: 2501, milters: '' },
  { name: 'unix socket, every event observed', port: 2502, milters: 'unix:bench/observing.sock' },
  { name: 'unix socket, without a handler', port: 2506, milters: 'unix:bench/empty.sock' },
  { name: 'unix socket, every event answered', port: 2504, milters: 'unix:bench/waiting.sock' },
  { name: 'loopback TCP', port: 2503, milters: 'inet:127.0.0.1:2599' },
  { name: 'loopback TCP, forced to answer nothing', port: 2505, milters: 'inet:127.0.0.1:2600' },
] as const;
/** The same two on Sendmail's C library: what Postfix itself spends on any filter, and what ours is held against. */
export const references = [
  { name: 'libmilter in C, every event observed', port: 2507, milters: 'unix:bench/everything.sock' },
  { name: 'libmilter in C, without a handler', port: 2508, milters: 'unix:bench/nothing.sock' },
] as const;
export type Service = (typeof services)[number] | (typeof references)[number];

const settings = [
  'maillog_file=/var/log/mail.log',
  'myhostname=mx.bench.example',
  'mydestination=',
  'message_size_limit=0',
  'smtpd_peername_lookup=no',
  'default_transport=discard:',
  'inet_protocols=ipv4',
];

/** @returns milliseconds for each message. */
export async function send(
  postfix: string,
  { port }: Service,
  { bytes, messages, options = '' }: { bytes: number; messages: number; options?: string },
): Promise<number> {
  const script = [
    'start=$(date +%s%N)',
    `smtp-source ${options} -s 10 -m ${messages} -l ${bytes} 127.0.0.1:${port} >&2`,
    'echo $((($(date +%s%N) - start) / 1000))',
    // What is still being delivered is not to slow the next one down.
    'until [ -z "$(find /var/spool/postfix/incoming /var/spool/postfix/active -type f | head -n 1)" ]; do sleep 0.05; done',
  ].join('; ');
  return Number((await docker(['exec', postfix, 'sh', '-c', script])).trim()) / 1000 / messages;
}

/** @returns the container's id, when all its services answer. */
export async function startPostfix(): Promise<string> {
  const all = [...services, ...references];
  const master = all.map(
    ({ port, milters }) =>
      `postconf -M ${port}/inet="${port} inet n - y - - smtpd" && postconf -P ${port}/inet/smtpd_milters=${milters} && postconf -P ${port}/inet/milter_default_action=tempfail`,
  );
  const spool = '/var/spool/postfix/bench';
  const script = [
    `mkdir -m 755 ${spool}`,
    `postconf -e ${settings.join(' ')}`,
    ...master,
    `{ /libmilter/no-op-filter ${spool}/everything.sock everything & }`,
    `{ /libmilter/no-op-filter ${spool}/nothing.sock nothing & }`,
    `/node --conditions=@postern/source /repo/packages/milter/bench/filter.ts ${spool} 2599 2600 & exec postfix start-fg`,
  ].join(' && ');
  const repository = join(import.meta.dirname, '../..');
  const folder = await mkdtemp(join(tmpdir(), 'bench-libmilter-'));
  try {
    await copyReference(folder);
    const container = (
      await docker(
        `run --rm --detach --name bench-milter-${process.pid} --entrypoint /usr/bin/tini --volume ${repository}:/repo:ro --volume ${process.execPath}:/node:ro --volume ${folder}:/libmilter:ro`
          .split(' ')
          .concat(await ensureImage('mail', 'trixie'), '--', 'sh', '-c', script),
      )
    ).trim();
    const ready = all.map(({ port }) => `smtp-source -m 1 -l 100 127.0.0.1:${port} 2>/dev/null`).join(' && ');
    await docker(['exec', container, 'sh', '-c', `until ${ready}; do sleep 0.2; done`]);
    return container;
  } finally {
    await rm(folder, { recursive: true, force: true }); // the container has what it needs in memory
  }
}

/** Gets the filter in C out of its image, to run beside Postfix as ours does. */
export async function copyReference(folder: string): Promise<void> {
  const container = (await docker(['create', await ensureImage('libmilter', 'trixie')])).trim();
  await docker(['cp', `${container}:/no-op-filter`, folder]);
  await docker(['rm', container]);
}
