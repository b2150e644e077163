import { ensureRelayImage, type Suite } from '@postern/docker';
import { execa } from 'execa';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import type { TestNetwork } from './test-network.ts';

/** A whole relay in a container: stock Postfix, stock Dovecot, Postern. */
export interface TestRelay extends AsyncDisposable {
  readonly domain: string;
  readonly container: StartedTestContainer;
  /** In the network that it shares with other relays. */
  readonly address: string;
  /** Ports on 127.0.0.1. */
  readonly ports: { readonly smtp: number; readonly imap: number; readonly submission: number; readonly web: number };
  /** Runs a shell command inside. @returns its standard output. @throws when it fails. */
  run(command: string): Promise<string>;
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
  return `/var/lib/postern/mail/${address}/Maildir/new`;
}

/** A test machine is busy with the test; a relay would refuse new accounts then. */
const ignoreLoad = 'accounts.max_load = 1000';

/** The name that the test itself has in a relay's container. */
export const testHost = 'test.invalid';

const configFile = '/etc/postern.toml';

/** A container knows its address once it runs: it stands in the file by then. */
const ownAddress =
  'sed -i "s/@own-address@/[$(hostname -i | cut -d" " -f1)]/" /etc/postern.toml && exec /opt/postern/entrypoint';

export interface RelayOptions {
  /** `own-address` for a relay that is named by its address. */
  readonly domain: string;
  readonly suite?: Suite;
  readonly network?: TestNetwork;
  /** More lines for postern.toml. */
  readonly config?: string;
  /** Keeps everything in memory, and no more of it than this: a disk that a test can fill. */
  readonly dataMegabytes?: number;
}

export async function startRelay(options: RelayOptions): Promise<TestRelay> {
  const { domain: wanted, suite = 'trixie', network, config = '', dataMegabytes } = options;
  const named = wanted === 'own-address' ? '@own-address@' : wanted;
  let generic = new GenericContainer(await ensureRelayImage(suite))
    .withExposedPorts(25, 143, 993, 465, 587, 443)
    .withExtraHosts([{ host: testHost, ipAddress: 'host-gateway' }])
    .withEnvironment({ POSTERN_CONFIG: configFile })
    .withCopyContentToContainer([{ target: configFile, content: `domain = "${named}"\n${ignoreLoad}\n${config}` }])
    .withWaitStrategy(Wait.forSuccessfulCommand('postern health --wait 60').withStartupTimeout(120_000));
  if (named !== wanted) generic = generic.withEntrypoint(['tini', '--', 'sh', '-c', ownAddress]);
  if (dataMegabytes !== undefined) generic = generic.withTmpFs({ '/var/lib/postern': `size=${dataMegabytes}m` });
  if (network !== undefined) generic = generic.withNetwork(network.network).withNetworkAliases(wanted);
  const container = await generic.start();
  const run = async (command: string): Promise<string> => {
    const { output, stdout, exitCode } = await container.exec(['sh', '-c', command]);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
    return stdout;
  };
  const address = container.getIpAddress(network?.network.getName() ?? 'bridge');
  const domain = wanted === 'own-address' ? `[${address}]` : wanted;
  if (network !== undefined) {
    await network.addHost(domain, address);
    await network.publish(domain, await run('postern dns'));
    // The engine's own resolver knows no MX records; whoever looks a name up from now on asks ours.
    await run(`echo "nameserver ${network.nameServer}" > /etc/resolv.conf`);
  }
  return {
    domain,
    container,
    address,
    ports: {
      smtp: container.getMappedPort(25),
      imap: container.getMappedPort(993),
      submission: container.getMappedPort(465),
      web: container.getMappedPort(443),
    },
    run,
    queue: () => run('postqueue -j'),
    inbox: (address) =>
      run(
        `for n in $(seq 100); do cd "${newMail(address)}" 2>&- && [ -n "$(ls)" ] && exec cat *; sleep 0.1; done; exit 1`,
      ),
    log: async () => (await execa('docker', ['logs', container.getId()], { all: true })).all,
    everythingStored: () => run('cd /var/lib/postern && find mail queue -type f -exec cat {} +'),
    async [Symbol.asyncDispose]() {
      await container.stop({ timeout: 20_000 });
    },
  };
}
