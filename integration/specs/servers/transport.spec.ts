import { connect as connectTcp } from 'node:net';
import { createInterface } from 'node:readline';
import { ensureImage } from '@postern/docker';
import { GenericContainer, type StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../src/certificate-authority.ts';
import { type ClassicServer, startClassicServer } from '../../src/classic-server.ts';
import { login, sendMail } from '../../src/conversation.ts';
import { IncomingSession } from '../../src/gate/incoming-session.ts';
import { encryptedMessage } from '../../src/messages.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startTls } from '../../src/start-tls.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const domain = '_transport.test';
const alice = `alice0001@${domain}`;
const password = 'some-password';
/** Fifty servers that accept a connection and say nothing. */
const silent = Array.from({ length: 50 }, (_, n) => `silent${n}.test`);
/** In so many messages the mail for them is; 5,000 take a minute and more. */
const silentMessages = Number(process.env['POSTERN_SILENT_MESSAGES'] ?? 5);

let network: TestNetwork;
let authority: CertificateAuthority;
let relay: TestRelay;
let known: ClassicServer;
let own: ClassicServer;
let sink: StartedTestContainer;

beforeAll(async () => {
  network = await startNetwork([
    domain,
    'known.test',
    'renamed.test',
    'own.test',
    '_own.test',
    'plain.test',
    ...silent,
  ]);
  authority = await CertificateAuthority.create();
  [relay, known, own, sink] = await Promise.all([
    startRelay({ domain, network, config: 'limits.messages_per_minute = 10000\nlimits.recipients_per_hour = 100000' }),
    startClassicServer('known.test', network, await authority.issue('known.test')),
    startClassicServer('own.test', network),
    startSink(),
  ]);
  await network.addHost('renamed.test', await network.addressOf(known.container));
  await network.addHost('_own.test', await network.addressOf(own.container));
  await own.run("postconf -e 'virtual_mailbox_domains = own.test, _own.test' && postfix reload");
  const sinkAddress = await network.addressOf(sink);
  for (const name of silent) await network.addHost(name, sinkAddress);
  await authority.becomeKnown(relay);
});

afterAll(async () => {
  await Promise.all([relay, known, own].map((server) => server[Symbol.asyncDispose]()));
  await Promise.all([sink.stop(), authority[Symbol.asyncDispose]()]);
  await network[Symbol.asyncDispose]();
});

/** A machine on which all silent servers are. */
async function startSink(): Promise<StartedTestContainer> {
  const silence =
    'my $s = IO::Socket::INET->new(LocalPort => 25, Listen => 4096) or die; my @c; while (1) { push @c, $s->accept }';
  return await network
    .join(new GenericContainer(await ensureImage('mail', 'trixie')))
    .withCommand(['perl', '-MIO::Socket', '-e', silence])
    .start();
}

async function send(...to: string[]): Promise<string> {
  await using session = await login(relay.at(465), alice, password);
  return await sendMail(session, { from: alice, to }, await encryptedMessage({ from: alice, to: 'somebody@test' }));
}

/** Why mail to an address waits; undefined while it was not tried, or when it has left. */
async function waitsFor(address: string): Promise<string | undefined> {
  const lines = (await relay.queue()).split('\n').filter((line) => line.includes(address));
  return lines.map((line) => /"delay_reason": "([^"]*)"/.exec(line)?.[1]).find((reason) => reason !== undefined);
}

describe('mail to another server', () => {
  it('leaves when the server has a certificate for its name', async () => {
    expect(await send('bob@known.test')).toMatch(/^250 /);
    expect((await known.inbox('bob'))[0]?.toString()).toContain('BEGIN PGP MESSAGE');
  });

  it('leaves for a domain with _, whose certificate is its own', async () => {
    expect(await send('carol@_own.test')).toMatch(/^250 /);
    expect((await own.inbox('carol'))[0]?.toString()).toContain('BEGIN PGP MESSAGE');
  });

  it.each([
    ['of nobody knows whom', 'bob@own.test', /certificate verification failed|not trusted|not verified/],
    ['for another name', 'bob@renamed.test', /not verified/],
  ])('waits when the certificate is %s', async (_, to, reason) => {
    expect(await send(to)).toMatch(/^250 /);
    await expect.poll(() => waitsFor(to)).toMatch(reason);
  });
});

describe('a server that hangs', () => {
  it('delays nobody else, whatever waits for fifty of its kind', async () => {
    const crowd = Array.from({ length: 5_000 }, (_, n) => `user${n}@${silent[n % silent.length]}`);
    const size = crowd.length / silentMessages;
    const message = await encryptedMessage({ from: alice, to: 'somebody@test' });
    await using session = await login(relay.at(465), alice, password);
    for (let at = 0; at < crowd.length; at += size) {
      const to = crowd.slice(at, at + size);
      expect(await sendMail(session, { from: alice, to }, message)).toMatch(/^250 /);
    }
    expect(await send('dave@known.test')).toMatch(/^250 /);
    expect((await known.inbox('dave'))[0]?.toString()).toContain('BEGIN PGP MESSAGE');
    const waiting = (await relay.queue()).match(/@silent\d+\.test/g) ?? [];
    expect(waiting).toHaveLength(5_000);
  });
});

describe('port 25', () => {
  it('takes no mail without TLS', async () => {
    const socket = connectTcp(relay.at(25));
    const lines = createInterface({ input: socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
    await lines.next();
    socket.write('MAIL FROM:<a@b.test>\r\n');
    expect((await lines.next()).value).toMatch(/^530 5\.7\.0 Must issue a STARTTLS command first/);
    socket.destroy();
  });

  it('speaks TLS 1.2, and nothing older', async () => {
    const upgrade = async (version: 'TLSv1.1' | 'TLSv1.2'): Promise<string | null> => {
      const how = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
      const socket = await startTls(relay.at(25), ['STARTTLS'], how);
      const protocol = socket.getProtocol();
      socket.destroy();
      return protocol;
    };
    expect(await upgrade('TLSv1.2')).toBe('TLSv1.2');
    await expect(upgrade('TLSv1.1')).rejects.toThrow(/protocol version/i);
  });

  it('tells of no address whether it exists', async () => {
    await using session = await IncomingSession.open(relay.at(25));
    const answers: string[][] = [];
    for (const address of [alice, `nobody001@${domain}`]) {
      const commands = [`VRFY ${address}`, `EXPN ${address}`, 'MAIL FROM:<>', `RCPT TO:<${address}>`, 'RSET'];
      const replies: string[] = [];
      for (const command of commands) replies.push(await session.command(command));
      answers.push(replies);
    }
    const [known, unknown] = answers;
    expect(unknown).toEqual(known);
    expect(known?.map((reply) => reply.slice(0, 3))).toEqual(['502', '500', '250', '250', '250']);
  });
});

describe('mail that waits', () => {
  /** Makes a message that waits older than Postfix knows it, and has it tried again. Times are seconds since 1970 at its start. */
  async function age(id: string, hours: number): Promise<void> {
    const change =
      'open F, "+<", $ARGV[0] or die; read F, $d, 500; $d =~ s/(?<!\\d)1\\d{9}(?!\\d)/$& - 3600 * $ARGV[1]/ge; seek F, 0, 0; print F $d';
    await relay.run(`cd "$(postconf -h queue_directory)" && file=$(find deferred -name ${id})
perl -e '${change}' "$file" ${hours} && touch -d '1 minute ago' "$file" && postqueue -i ${id}`);
  }

  it('is tried for two days, and its author told then', async () => {
    const erin = 'erin@own.test';
    expect(await send(erin)).toMatch(/^250 /);
    await expect.poll(() => waitsFor(erin)).toBeDefined();
    const waiting = (await relay.queue()).split('\n').find((line) => line.includes(erin)) ?? '';
    const id = /"queue_id": "(\w+)"/.exec(waiting)?.[1] ?? '';
    await age(id, 47);
    // A time to come is when it is tried next.
    await relay.eventually(
      `[ "$(stat -c %Y "$(find "$(postconf -h queue_directory)/deferred" -name ${id})")" -gt "$(date +%s)" ]`,
    );
    await age(id, 2);
    const report = await relay.inbox(alice);
    expect(report).toMatch(/^Final-Recipient: rfc822; *erin@own\.test/im);
    expect(report).toContain('Action: failed');
    expect(await relay.queue()).not.toContain(id);
  });
});
