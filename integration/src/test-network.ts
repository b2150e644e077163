import { ensureImage } from '@postern/docker';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';

/** A network of the test's own, with a name server that knows mail domains and answers "no such name" to all else. */
export interface TestNetwork extends AsyncDisposable {
  readonly network: StartedNetwork;
  readonly nameServer: string;
}

/** @param mailDomains get an MX record that names themselves; their addresses come from the containers' aliases. */
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
    async [Symbol.asyncDispose]() {
      await dns.stop();
      await network.stop();
    },
  };
}
