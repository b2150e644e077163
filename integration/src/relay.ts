import { ensureRelayImage, type Suite } from '@postern/docker';
import { execa } from 'execa';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import { silentDoors } from '../../packages/cli/src/health.ts';
import type { TestNetwork } from './test-network.ts';

/** A whole relay in a container: stock Postfix, stock Dovecot, Postern. */
export interface TestRelay extends AsyncDisposable {
  readonly domain: string;
  readonly container: StartedTestContainer;
  /** In the network that it shares with other relays. */
  readonly address: string;
  /**
   * Where the test reaches a port of the relay's: in the container itself. Publishing ports would cost the engine more
   * than a relay needs to start.
   */
  at(port: 25 | 143 | 443 | 465 | 587 | 993): { readonly host: string; readonly port: number };
  /** Runs a shell command inside. @returns its standard output. @throws when it fails. */
  run(command: string): Promise<string>;
  /** Settles when a shell condition holds inside; looks ten times a second. @throws when it does not within a minute. */
  eventually(condition: string): Promise<void>;
  /** Messages in Postfix's queues, one JSON line each. */
  queue(): Promise<string>;
  /** What is in a mailbox, once there is something new in it. */
  inbox(address: string): Promise<string>;
  /** Everything that the relay logged so far. */
  log(): Promise<string>;
  /** All mail in all mailboxes and queues, as one text: to see that something is nowhere. */
  everythingStored(): Promise<string>;
}

function newMail(address: string): string {
  return `${dataFolder}/mail/${address}/Maildir/new`;
}

/** Where a relay keeps accounts, mail and queue: in memory, since no test needs it to outlive its container. */
const dataFolder = '/var/lib/postern';

/** A test machine is busy with the test, and its memory is the disk; a relay would refuse new accounts then. */
const ignoreShortages = 'accounts.max_load = 1000\naccounts.min_free_disk_mb = 0';

/** It takes four on an idle machine. */
const startSeconds = 120;

/** The name that the test itself has in a relay's container. */
export const testHost = 'test.invalid';

const configFile = '/etc/postern.toml';

/** A container knows its address once it runs: it stands in the file by then. */
const ownAddress = `address=$(hostname -I | tr ' ' '\\n' | head -n 1)
case $address in *:*) address="ipv6:$address" ;; esac
sed -i "s/@own-address@/[$address]/" ${configFile}`;

export interface RelayOptions {
  /** `own-address` for a relay that is named by its address. */
  readonly domain: string;
  readonly suite?: Suite;
  readonly network?: TestNetwork;
  /** More lines for postern.toml. */
  readonly config?: string;
  /** No more than this: a disk that a test can fill. */
  readonly dataMegabytes?: number;
}

export async function startRelay(options: RelayOptions): Promise<TestRelay> {
  const { domain: wanted, suite = 'trixie', network, config = '', dataMegabytes } = options;
  const named = wanted === 'own-address' ? '@own-address@' : wanted;
  let generic = new GenericContainer(await ensureRelayImage(suite))
    .withExtraHosts([{ host: testHost, ipAddress: 'host-gateway' }])
    .withEnvironment({ POSTERN_CONFIG: configFile, TEST_CONFIG: `domain = "${named}"\n${ignoreShortages}\n${config}` })
    .withTmpFs({ [dataFolder]: dataMegabytes === undefined ? '' : `size=${dataMegabytes}m` })
    // Looking from outside spares a busy machine a process that looks from inside.
    .withWaitStrategy(Wait.forAll([]));
  const start = [
    `printf '%s\\n' "$TEST_CONFIG" >${configFile}`, // copying a file into a container would start two programs
    ...(network === undefined ? [] : [network.inside]),
    ...(named === wanted ? [] : [ownAddress]),
    'exec /opt/postern/entrypoint',
  ].join('\n');
  generic = generic.withEntrypoint(['tini', '--', 'sh', '-ec', start]);
  if (network !== undefined) generic = network.join(generic);
  const container = await generic.start();
  const log = async (): Promise<string> => (await execa('docker', ['logs', container.getId()], { all: true })).all;
  const address = network === undefined ? container.getIpAddress('bridge') : await network.addressOf(container);
  const at: TestRelay['at'] = (port) => ({ host: address, port });
  const silent = await silentDoors({ IMAP: 993, submission: 465, web: 443 }, startSeconds, address);
  if (silent.length > 0) throw new Error(`${silent.join(', ')}: no answer after ${startSeconds} s\n${await log()}`);
  const run = async (command: string): Promise<string> => {
    const { output, stdout, exitCode } = await container.exec(['sh', '-c', command]);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
    return stdout;
  };
  const eventually = async (condition: string): Promise<void> => {
    await run(`for n in $(seq 600); do ${condition} && exit 0; sleep 0.1; done; exit 1`);
  };
  const domain = wanted === 'own-address' ? `[${address.includes(':') ? 'ipv6:' : ''}${address}]` : wanted;
  if (network !== undefined && wanted !== 'own-address') {
    await network.addHost(domain, address);
    await network.publish(domain, await run('postern dns'));
  }
  return {
    domain,
    container,
    address,
    at,
    run,
    eventually,
    queue: () => run('postqueue -j'),
    async inbox(address) {
      await eventually(`[ -n "$(ls "${newMail(address)}" 2>&-)" ]`);
      return await run(`cat "${newMail(address)}"/*`);
    },
    log,
    everythingStored: () => run(`cd ${dataFolder} && find mail queue -type f -exec cat {} +`),
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}
