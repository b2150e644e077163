import { writeFile } from 'node:fs/promises';
import { lookup } from 'node:dns/promises';
import type { CommandModule } from 'yargs';
import { benchChart } from './chart.ts';
import { findCore } from './core-program.ts';
import { type FloorRelay, startFloor } from './floor/server.ts';
import type { BenchRelay } from './measurements.ts';
import { runBench } from './run.ts';
import { benchTable } from './table.ts';

interface BenchOptions {
  relay: string[];
  rounds: number;
  core: string | undefined;
  floor: string;
  'floor-address': string;
  json: boolean;
  svg: string | undefined;
}

const floorDomain = '_floor.test';

/** `postern bench`: how fast is a relay for the people on it? */
export const benchCommand: CommandModule<object, BenchOptions> = {
  command: 'bench',
  describe: 'measure a relay, or the way between two, with real Delta Chat clients',
  builder: (yargs) =>
    yargs
      .option('relay', {
        type: 'string',
        array: true,
        demandOption: true,
        describe: 'domain of a relay; given twice, the first sends to the second',
      })
      .option('rounds', { type: 'number', default: 10, describe: 'how often to measure everything' })
      .option('core', { type: 'string', describe: 'path of deltachat-rpc-server' })
      .option('floor', {
        type: 'string',
        choices: ['auto', 'on', 'off'],
        default: 'auto',
        describe: `compare with a relay in memory; needs root and ${floorDomain} in /etc/hosts`,
      })
      .option('floor-address', { type: 'string', default: '127.0.0.77', describe: 'where the relay in memory listens' })
      .option('json', { type: 'boolean', default: false, describe: 'print JSON instead of the table' })
      .option('svg', { type: 'string', describe: 'also write a chart to this file' })
      .check(({ relay, rounds }) => {
        if (relay.length > 2) return '--relay can be given once or twice';
        if (!Number.isInteger(rounds) || rounds < 1) return '--rounds is a whole number above 0';
        return true;
      }),
  async handler(options) {
    const [from = '', to = from] = options.relay;
    const core = await findCore(options.core);
    await using floor = await floorFor(options);
    const first = relayAt(from);
    const rows = await runBench({
      relays: [first, to === from ? first : relayAt(to)],
      ...(floor && {
        floor: {
          domain: floor.domain,
          newCode: () => `DCACCOUNT:${floor.domain}`,
          imap: { host: floor.address, port: floor.ports.imap },
          submission: { host: floor.address, port: floor.ports.submission },
        },
      }),
      rounds: options.rounds,
      core,
      onProgress: (done, all) => process.stderr.write(`\r${done} of ${all}${done === all ? '\n' : ''}`),
    });
    const title = to === from ? from : `${from} to ${to}`;
    if (options.svg !== undefined) await writeFile(options.svg, benchChart(rows, title));
    process.stdout.write(options.json ? `${JSON.stringify(rows, null, 2)}\n` : benchTable(rows));
  },
};

function relayAt(domain: string): BenchRelay {
  const at = (port: number): BenchRelay['imap'] => ({ host: domain, port });
  return { domain, newCode: () => `DCACCOUNT:${domain}`, imap: at(993), submission: at(465) };
}

/** The floor has to be reached like a relay: by a name that the client takes any certificate for, and on port 443. */
async function floorFor(options: BenchOptions): Promise<FloorRelay | undefined> {
  if (options.floor === 'off') return undefined;
  const address = options['floor-address'];
  try {
    const found = await lookup(floorDomain, { family: 4 });
    if (found.address !== address) throw new Error(`${floorDomain} is ${found.address}, not ${address}`);
    return await startFloor(floorDomain, address);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    if (options.floor === 'on') throw new Error(`the relay in memory cannot be started: ${why}`, { cause: error });
    process.stderr.write(
      `Without a floor to compare with (${why}). To have one, as root, put this line into /etc/hosts: ${address} ${floorDomain}\n`,
    );
    return undefined;
  }
}
