import { randomBytes, randomUUID } from 'node:crypto';
import { docker, ensureImage } from '@postern/docker';
import { execa } from 'execa';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

/** A network of the test's own, with a name server that answers what it was told and "no such name" to all else. */
export interface TestNetwork extends AsyncDisposable {
  readonly name: string;
  /** Options of `docker run` for a container of this network. */
  readonly options: readonly string[];
  /** What such a container has to run first, as root: lines for a shell. From then on it asks this network's name server. */
  readonly inside: string;
  /** The same options for a container that is about to be started. */
  join(container: GenericContainer): GenericContainer;
  addressOf(container: StartedTestContainer): Promise<string>;
  /** Tells the name server where a mail domain's server is. */
  addHost(name: string, address: string): Promise<void>;
  /** Replaces all that the name server was told under this label: lines of a zone file. */
  publish(label: string, zone: string): Promise<void>;
  /** Has the name server fail to answer about this name and all below it, until the work is done. */
  whileFailing(name: string, work: () => Promise<void>): Promise<void>;
  /** What another implementation, in the name server's container, says of each DKIM signature of a message. */
  verifySignatures(message: Buffer): Promise<string[]>;
}

export interface NetworkOptions {
  /** With `ipv6` there is nothing else: containers lose their IPv4 address before they start. */
  readonly family?: 'ipv4' | 'ipv6';
}

/** The engine gives every container an IPv4 address. ioctl SIOCSIFADDR with 0.0.0.0 takes it away; netdevice(7) */
const loseIpv4 = `perl -MSocket -e 'socket(my $s, PF_INET, SOCK_DGRAM, 0); my $none = pack("a16 S x2 a4 x8", "eth0", AF_INET, "\\0" x 4); ioctl($s, 0x8916, $none) or die $!'`;

/** @param mailDomains get an MX record that names themselves; `addHost` gives them an address. */
export async function startNetwork(
  mailDomains: readonly string[],
  { family = 'ipv4' }: NetworkOptions = {},
): Promise<TestNetwork> {
  const isIpv6 = family === 'ipv6';
  const name = `postern-test-${randomUUID()}`;
  const prefix = randomBytes(5).toString('hex'); // RFC 4193 §3.2.2
  const subnet = `fd${prefix.slice(0, 2)}:${prefix.slice(2, 6)}:${prefix.slice(6)}::/64`;
  await docker(['network', 'create', ...(isIpv6 ? ['--ipv6', '--subnet', subnet] : []), name]);
  const addressOf = (container: StartedTestContainer): Promise<string> => {
    const field = isIpv6 ? 'GlobalIPv6Address' : 'IPAddress';
    const format = `{{(index .NetworkSettings.Networks "${name}").${field}}}`;
    return docker(['inspect', '--format', format, container.getId()]);
  };
  const dns = await new GenericContainer(await ensureImage('dns', 'trixie'))
    .withNetworkMode(name)
    .withWaitStrategy(Wait.forLogMessage(/started/))
    .start();
  const write = async (file: string, content: string): Promise<void> => {
    const script = `cat > "/tmp/$1" && mv "/tmp/$1" "/zones/$1"`; // all of it, or the file before
    const command = ['exec', '--interactive', dns.getId(), 'sh', '-c', script, 'sh', file];
    await docker(command, { input: content });
  };
  for (const domain of mailDomains) await write(`mx.${domain}`, `${domain}. IN MX 10 ${domain}.\n`);
  return {
    name,
    options: ['--network', name, ...(isIpv6 ? ['--cap-add', 'NET_ADMIN'] : [])],
    inside: [`echo 'nameserver ${await addressOf(dns)}' > /etc/resolv.conf`, ...(isIpv6 ? [loseIpv4] : [])].join('\n'),
    join: (container) => {
      const joined = container.withNetworkMode(name);
      return isIpv6 ? joined.withAddedCapabilities('NET_ADMIN') : joined;
    },
    addressOf,
    addHost: (host, address) =>
      write(`host.${host}`, `${host}. IN ${address.includes(':') ? 'AAAA' : 'A'} ${address}\n`),
    publish: (label, zone) => write(`zone.${label}`, zone),
    async whileFailing(failing, work) {
      await write(`${failing}.fails`, '');
      try {
        await work();
      } finally {
        await dns.exec(['rm', `/zones/${failing}.fails`]);
      }
    },
    async verifySignatures(message) {
      const command = ['exec', '--interactive', dns.getId(), 'python3', '/verify.py'];
      const { stdout } = await execa('docker', command, { input: message });
      return stdout.split('\n').filter((line) => line !== '');
    },
    async [Symbol.asyncDispose]() {
      await dns.stop();
      await docker(['network', 'rm', name]);
    },
  };
}
