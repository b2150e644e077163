import type { StartedTestContainer } from 'testcontainers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CertificateAuthority } from '../../src/certificate-authority.ts';
import { type ClassicServer, startClassicServer } from '../../src/classic-server.ts';
import { login, sendMail } from '../../src/conversation.ts';
import { encryptedMessage } from '../../src/messages.ts';
import { startPolicyHost } from '../../src/policy-host.ts';
import { type TestRelay, startRelay } from '../../src/relay.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const domain = '_sts.test';
const alice = `alice0001@${domain}`;
/** DNS says of all of them that their mail server is `mx.found.test`, which has a valid certificate for that name. */
const policies = {
  'agreed.test': { mode: 'enforce', mx: 'mx.found.test' },
  'lured.test': { mode: 'enforce', mx: 'mx.lured.test' },
  'trying.test': { mode: 'testing', mx: 'mx.trying.test' },
  'unproven.test': { mode: 'enforce', mx: 'mx.unproven.test', isVouchedFor: false },
};
const domains = [...Object.keys(policies), 'silent.test'];
const program = 'socketmap:unix:/run/postern/mta-sts/policies.sock:postfix';

let network: TestNetwork;
let authority: CertificateAuthority;
let found: ClassicServer;
let policyHost: StartedTestContainer;

beforeAll(async () => {
  network = await startNetwork([]);
  authority = await CertificateAuthority.create();
  for (const name of domains) await network.publish(`mx.${name}`, `${name}. IN MX 10 mx.found.test.\n`);
  [found, policyHost] = await Promise.all([
    startClassicServer('mx.found.test', network, await authority.issue('mx.found.test')),
    startPolicyHost(network, authority, policies),
  ]);
  await found.run(`postconf -e 'virtual_mailbox_domains = ${domains.join(' ')}' && postfix reload`);
});

afterAll(async () => {
  await Promise.all([found[Symbol.asyncDispose](), policyHost.stop(), authority[Symbol.asyncDispose]()]);
  await network[Symbol.asyncDispose]();
});

describe.each(['trixie', 'bookworm'] as const)('mail from a relay on %s to a domain', (suite) => {
  let relay: TestRelay;

  beforeAll(async () => {
    relay = await startRelay({ domain, network, suite, config: 'mail.mta_sts = "on"' });
    await authority.becomeKnown(relay);
  });
  afterAll(async () => {
    await relay[Symbol.asyncDispose]();
  });

  async function send(to: string): Promise<void> {
    await using session = await login(relay.at(465), alice, 'some-password');
    expect(await sendMail(session, { from: alice, to }, await encryptedMessage({ from: alice, to }))).toMatch(/^250 /);
  }

  /** Why mail to an address waits, once it was tried. */
  async function waitsFor(address: string): Promise<string | undefined> {
    const line = (await relay.queue()).split('\n').find((text) => text.includes(address));
    return line === undefined ? undefined : /"delay_reason": "([^"]*)"/.exec(line)?.[1];
  }

  const arrives = async (to: string): Promise<void> => {
    await send(to);
    expect((await found.inbox(to.split('@')[0] ?? ''))[0]?.toString()).toContain('BEGIN PGP MESSAGE');
  };
  const ask = (name: string): Promise<string> => relay.run(`postmap -q ${name} ${program} || true`);

  it.each([
    ['whose policy names its server', 'agreed.test'],
    ['that only tries a policy out', 'trying.test'],
    ['without a policy', 'silent.test'],
    ['whose policy nobody vouches for', 'unproven.test'],
  ])('%s leaves', async (_, name) => {
    await arrives(`${suite}.${name.replace('.', '-')}@${name}`);
  });

  it('whose policy names another server than DNS waits, whatever certificate that has', async () => {
    const bob = `${suite}.bob@lured.test`;
    await send(bob);
    await expect.poll(() => waitsFor(bob), { timeout: 60_000 }).toMatch(/not verified/);
    expect(await ask('lured.test')).toBe('secure match=mx.lured.test servername=hostname\n');
  });

  it('waits while policies cannot be asked for', async () => {
    const carol = `${suite}.carol@agreed.test`;
    await relay.run(`pkill -STOP -f '[m]ain.js supervise' && pkill -KILL -f '[m]ta-sts.yml'`);
    await send(carol);
    await expect.poll(() => waitsFor(carol), { timeout: 60_000 }).toMatch(/client TLS configuration problem/);
    await relay.run(`pkill -CONT -f '[m]ain.js supervise'`);
    await expect.poll(() => ask('agreed.test'), { timeout: 60_000 }).toContain('secure match=mx.found.test');
    await relay.run('postqueue -f || true'); // there is no pickup service, of which it then complains
    expect((await found.inbox(`${suite}.carol`))[0]?.toString()).toContain('BEGIN PGP MESSAGE');
  });

  it('is held to its policy when DNS knows of none any more, also after a restart', async () => {
    await network.whileFailing('_mta-sts.lured.test', async () => {
      await relay.run(`pkill -KILL -f '[m]ta-sts.yml'`);
      await expect.poll(() => ask('lured.test'), { timeout: 60_000 }).toContain('secure match=mx.lured.test');
    });
  });

  it('is logged nowhere', async () => {
    expect(await relay.log()).not.toMatch(/found\.test|lured|agreed|@/);
  });
});
