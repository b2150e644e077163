import { ensureImage } from '@postern/docker';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';

/** A network of the test's own, with a name server that knows mail domains and answers "no such name" to all else. */
export interface TestNetwork extends AsyncDisposable {
  readonly network: StartedNetwork;
  readonly nameServer: string;
  /** Tells the name server where a mail domain's server is. */
  addHost(name: string, address: string): Promise<void>;
}

/** @param mailDomains get an MX record that names themselves; `addHost` gives them an address. */
export async function startNetwork(mailDomains: readonly string[]): Promise<TestNetwork> {
  const network = await new Network().start();
  const dns: StartedTestContainer = await new GenericContainer(await ensureImage('dns', 'trixie'))
    .withNetwork(network)
    .withCommand(['--local=/#/', ...mailDomains.map((domain) => `--mx-host=${domain},${domain},10`)])
    .withWaitStrategy(Wait.forLogMessage(/started/))
    .start();
  return {
    network,
    nameServer: dns.getIpAddress(network.getName()),
    async addHost(name, address) {
      await dns.exec(['sh', '-c', `echo "${address} ${name}" > "/hosts/${name}"`]);
    },
    async [Symbol.asyncDispose]() {
      await dns.stop();
      await network.stop();
    },
  };
}
