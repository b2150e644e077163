import { ensureImage } from '@postern/docker';
import { execa } from 'execa';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';

/** A network of the test's own, with a name server that answers what it was told and "no such name" to all else. */
export interface TestNetwork extends AsyncDisposable {
  readonly network: StartedNetwork;
  readonly nameServer: string;
  /** Tells the name server where a mail domain's server is. */
  addHost(name: string, address: string): Promise<void>;
  /** Replaces all that the name server was told under this label: lines of a zone file. */
  publish(label: string, zone: string): Promise<void>;
  /** Has the name server fail to answer about this name and all below it, until the work is done. */
  whileFailing(name: string, work: () => Promise<void>): Promise<void>;
  /** What another implementation, in the name server's container, says of each DKIM signature of a message. */
  verifySignatures(message: Buffer): Promise<string[]>;
}

/** @param mailDomains get an MX record that names themselves; `addHost` gives them an address. */
export async function startNetwork(mailDomains: readonly string[]): Promise<TestNetwork> {
  const network = await new Network().start();
  const dns: StartedTestContainer = await new GenericContainer(await ensureImage('dns', 'trixie'))
    .withNetwork(network)
    .withWaitStrategy(Wait.forLogMessage(/started/))
    .start();
  const write = async (file: string, content: string): Promise<void> => {
    const script = `cat > "/tmp/$1" && mv "/tmp/$1" "/zones/$1"`; // all of it, or the file before
    const command = ['exec', '--interactive', dns.getId(), 'sh', '-c', script, 'sh', file];
    await execa('docker', command, { input: content });
  };
  for (const domain of mailDomains) await write(`mx.${domain}`, `${domain}. IN MX 10 ${domain}.\n`);
  return {
    network,
    nameServer: dns.getIpAddress(network.getName()),
    addHost: (name, address) =>
      write(`host.${name}`, `${name}. IN ${address.includes(':') ? 'AAAA' : 'A'} ${address}\n`),
    publish: (label, zone) => write(`zone.${label}`, zone),
    async whileFailing(name, work) {
      await write(`${name}.fails`, '');
      try {
        await work();
      } finally {
        await dns.exec(['rm', `/zones/${name}.fails`]);
      }
    },
    async verifySignatures(message) {
      const command = ['exec', '--interactive', dns.getId(), 'python3', '/verify.py'];
      const { stdout } = await execa('docker', command, { input: message });
      return stdout.split('\n').filter((line) => line !== '');
    },
    async [Symbol.asyncDispose]() {
      await dns.stop();
      await network.stop();
    },
  };
}
