import { dirname } from 'node:path';
import { getRPCServerPath } from '@deltachat/stdio-rpc-server';
import { docker, ensureEngine, ensureRelayImage, type Suite } from '@postern/docker';
import { raiseInotifyLimit } from '@postern/relay';
import { startRelay } from '../integration/src/relay.ts';
import { startNetwork } from '../integration/src/test-network.ts';
import { type BenchRow, report, row, type Target } from './harness.ts';
import { notificationRows } from './notification.ts';

/** How long a message takes on a relay of either Debian release, with real clients, against a relay that costs nothing. */
const domain = '_bench.test';
const floorAddress = '127.0.0.77';
const rounds = Number(process.argv[2] ?? 15);

const targets: Readonly<Record<string, Target>> = {
  dc_ping_pong: { kind: 'at most', limit: 1.25, of: 'ratio' },
  'one-way delivery': { kind: 'at most', limit: 1.2, of: 'ratio' },
  dc_autoconfig_and_idle_ready: { kind: 'at most', limit: 1.4, of: 'ratio' },
  dc_send_10_receive_10: { kind: 'at most', limit: 1.1, of: 'ratio' },
  'SMTP connect (TLS, greeting)': { kind: 'at most', limit: 10, of: 'value' },
};

/** What `postern bench --json` prints. */
interface Measured {
  readonly name: string;
  readonly measured: { readonly median: number };
  readonly floor: { readonly median: number };
}

async function benchOn(suite: Suite, debian: string): Promise<readonly BenchRow[]> {
  await using network = await startNetwork([domain]);
  await using relay = await startRelay({ domain, suite, network });
  const command = `bench --relay ${domain} --rounds ${rounds} --core /core/deltachat-rpc-server --floor on --json`;
  const output = await docker([
    'run',
    '--rm',
    ...network.options,
    ...`--add-host _floor.test:${floorAddress} --volume ${dirname(getRPCServerPath())}:/core:ro`.split(' '),
    ...`--entrypoint sh ${await ensureRelayImage(suite)} -ec`.split(' '),
    `${network.inside}\nexec postern ${command}`,
  ]);
  const rows: unknown = JSON.parse(output);
  if (!Array.isArray(rows) || !rows.every(isMeasured)) {
    throw new TypeError(`postern bench printed something else: ${output.slice(0, 200)}`);
  }
  const notifications = await notificationRows(relay);
  return [
    ...rows.map((measured) => rowOf(debian, measured)),
    ...notifications.map((one) => ({ ...one, name: `${one.name}, Debian ${debian}` })),
  ];
}

function isMeasured(value: unknown): value is Measured {
  return typeof value === 'object' && value !== null && 'name' in value && 'measured' in value && 'floor' in value;
}

function rowOf(debian: string, { name, measured, floor }: Measured): BenchRow {
  const target = targets[name];
  return row({
    name: `${name}, Debian ${debian}`,
    value: measured.median,
    unit: 'ms',
    baseline: floor.median,
    ...(target && { target }),
  });
}

process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
await ensureEngine();
const tooLow = await raiseInotifyLimit();
if (tooLow !== undefined) process.stderr.write(`${tooLow.advice}\n`);
await report('delivery', [...(await benchOn('trixie', '13')), ...(await benchOn('bookworm', '12'))]);
