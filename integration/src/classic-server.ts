import { ensureImage } from '@postern/docker';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';
import type { TestNetwork } from './test-network.ts';

/** An ordinary mail server of somebody else: stock Postfix, which knows nothing of relays. */
export interface ClassicServer extends AsyncDisposable {
  readonly container: StartedTestContainer;
  /** Runs a shell command inside. @throws when it fails. */
  run(command: string): Promise<string>;
  /** All mail of a user, in the bytes that came, each with a line on top that Postfix added; once there is so much. */
  inbox(user: string, count?: number): Promise<Buffer[]>;
}

const configuration = (domain: string): Readonly<Record<string, string>> => ({
  myhostname: domain,
  mydestination: '',
  mynetworks: '127.0.0.0/8',
  virtual_mailbox_domains: domain,
  virtual_mailbox_base: '/mailboxes',
  virtual_mailbox_maps: 'static:all/',
  virtual_uid_maps: 'static:5000',
  virtual_gid_maps: 'static:5000',
  smtpd_tls_chain_files: '/tls.pem',
  smtpd_tls_security_level: 'may',
  smtp_tls_security_level: 'may',
  maillog_file: '/dev/stdout',
  inet_protocols: 'all',
});

/** @param pem certificate and key, where it is not to make its own. */
export async function startClassicServer(domain: string, network: TestNetwork, pem?: string): Promise<ClassicServer> {
  const settings = Object.entries(configuration(domain)).map(([name, value]) => `'${name} = ${value}'`);
  const container = await network
    .join(new GenericContainer(await ensureImage('mail', 'trixie')))
    .withCopyContentToContainer(pem === undefined ? [] : [{ target: '/tls.pem', content: pem }])
    .withCommand([
      'sh',
      '-ec',
      [
        network.inside,
        `[ -s /tls.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj /CN=${domain} -keyout /tls.pem -out /tls.pem`,
        'mkdir -p /mailboxes && chown 5000:5000 /mailboxes',
        `postconf -e ${settings.join(' ')}`,
        'exec postfix start-fg',
      ].join('\n'),
    ])
    .withWaitStrategy(Wait.forLogMessage(/daemon started/))
    .start();
  await network.addHost(domain, await network.addressOf(container));
  const run = async (command: string): Promise<string> => {
    const { output, stdout, exitCode } = await container.exec(['sh', '-c', command]);
    if (exitCode !== 0) throw new Error(`${command}: exit code ${exitCode}: ${output}`);
    return stdout;
  };
  return {
    container,
    run,
    async inbox(user, count = 1) {
      const folder = '/mailboxes/all/new';
      const mine = `grep -ls '^Delivered-To: ${user}@' ${folder}/* | sort`;
      const encoded = await run(
        `for n in $(seq 600); do [ "$(${mine} | wc -l)" -ge ${count} ] && break; sleep 0.1; done; for f in $(${mine}); do base64 -w0 $f; echo; done`,
      );
      const messages = encoded.split('\n').filter((line) => line !== '');
      if (messages.length < count) throw new Error(`${messages.length} messages for ${user}, not ${count}`);
      return messages.map((text) => withCrlf(Buffer.from(text, 'base64')));
    },
    async [Symbol.asyncDispose]() {
      await container.stop();
    },
  };
}

function withCrlf(message: Buffer): Buffer {
  return Buffer.from(message.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
}
