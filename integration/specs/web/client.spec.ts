import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { accountLink, loginLink, parseInvite } from '@postern/invite';
import { newCredentials } from '@postern/relay';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLocalCore } from '../../src/local-core.ts';
import { ChatClient } from '../../src/chat-client.ts';
import { startRelay, type TestRelay } from '../../src/relay.ts';
import { WebUnderTest } from '../../src/web/web-under-test.ts';
import { startNetwork, type TestNetwork } from '../../src/test-network.ts';

const server = { host: '192.0.2.1', security: 'ssl' } as const;

describe('the real client', () => {
  let folder: string;
  let core: ReturnType<typeof startLocalCore>;
  let account: number;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'postern-core-'));
    core = startLocalCore(join(folder, 'accounts'));
    account = await core.rpc.addAccount();
  });

  afterAll(() => {
    core.close();
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['a domain', accountLink({ domain: 'chat.example.org' }), 'chat.example.org'],
    ['a domain beyond ASCII', accountLink({ domain: 'bücher.example' }), 'xn--bcher-kva.example'],
    ['a trial domain', accountLink({ domain: '_cm.test' }), '_cm.test'],
    ['an address to ask', accountLink({ url: 'https://chat.example.org:8443/new' }), 'chat.example.org'],
    ['an invitation', accountLink({ url: 'https://chat.example.org/new', token: 'k7mQ-_.~' }), 'chat.example.org'],
  ])('takes the account link of %s for what it is', async (_, link, domain) => {
    expect(await core.rpc.checkQr(account, link)).toEqual({ kind: 'account', domain });
    expect(parseInvite(link)).toMatchObject({ kind: 'account', domain });
  });

  it.each([
    ['with nothing but a password', { address: 'a.b-c@chat.example.org', password: 'x' }],
    ['with a strange password', { address: 'abc@chat.example.org', password: '{Da;"as@!f h+d%n5$234"}&v=2#ü€😀' }],
    ['at an address literal', { address: 'abc@[192.0.2.1]', password: 'x' }],
    ['at an IPv6 literal', { address: 'abc@[2001:db8::1]', password: 'x' }],
    [
      'with everything',
      {
        address: 'a+b$c@_cm.test',
        password: 'x',
        imap: { ...server, port: 10_993, user: 'i+1', password: 'p&1' },
        smtp: { ...server, port: 10_465, user: 's 2', password: 'p=2' },
        certificateChecks: 'accept-invalid',
      },
    ],
  ] as const)('takes the login link %s for what it is', async (_, login) => {
    const link = loginLink(login);
    expect(await core.rpc.checkQr(account, link)).toEqual({ kind: 'login', address: login.address });
    expect(parseInvite(link)).toMatchObject(login);
  });

  it.each([
    'DCACCOUNT:',
    'dclogin:a@b.example?v=1',
    'dclogin:a@b.example?v=1&p=x&ip=65536',
    'dclogin:b.example?v=1&p=x',
  ])('refuses %s, as parseInvite does', async (link) => {
    await expect(core.rpc.checkQr(account, link)).rejects.toBeDefined();
    expect(parseInvite(link).kind).toBe('refused');
  });
});

describe('the page of a running relay', () => {
  let network: TestNetwork;
  let client: ChatClient;
  let relay: TestRelay;

  beforeAll(async () => {
    network = await startNetwork(['_page.test']);
    relay = await startRelay({ domain: '_page.test', network });
    client = await ChatClient.start(network);
  });

  afterAll(async () => {
    await client[Symbol.asyncDispose]();
    await relay[Symbol.asyncDispose]();
    await network[Symbol.asyncDispose]();
  });

  it('lets the real client in: from the button to being online, each visitor with an account of their own', async () => {
    const addresses = new Set<string>();
    for (let visitor = 0; visitor < 2; visitor += 1) {
      const link = buttonOf(await page(relay));
      expect(parseInvite(link)).toMatchObject({ kind: 'login', imap: { host: '_page.test' } });
      const account = await client.join(link);
      addresses.add(await account.address());
    }
    expect(addresses.size).toBe(2);
  });

  it('lets the real client in through the port of the web alone, IMAP and SMTP told apart by ALPN', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-core-'));
    const core = startLocalCore(join(folder, 'accounts'));
    try {
      const upstream = (port: 465 | 993) => ({ address: relay.at(port), proxyProtocol: 'none' }) as const;
      const alpn = { imap: upstream(993), smtp: upstream(465) };
      await using web = await WebUnderTest.start({ settings: { alpn } });
      const oneServer = { host: '127.0.0.1', port: Number(new URL(web.origin).port), security: 'ssl' } as const;
      const account = await core.rpc.addAccount();
      const { email: address, password } = newCredentials({ domain: '_page.test' });
      const login = {
        address,
        password,
        imap: oneServer,
        smtp: oneServer,
        certificateChecks: 'accept-invalid',
      } as const;
      await core.rpc.addTransportFromQr(account, loginLink(login));
      expect(await core.rpc.getConfig(account, 'configured_addr')).toBe(address);
    } finally {
      core.close();
      rmSync(folder, { recursive: true });
    }
  });

  it('tells who asks at a closed relay why not, in its own words', async () => {
    await relay.run('postern registration close');
    await expect.poll(async () => buttonOf(await page(relay))).toBe('');
    const account = await client.rpc.addAccount();
    await expect(client.rpc.addTransportFromQr(account, 'DCACCOUNT:https://_page.test/new')).rejects.toMatchObject({
      message: expect.stringContaining('This relay takes no new accounts'),
    });
  });
});

function page(relay: TestRelay): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...relay.at(443), path: '/', rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    asked.on('error', reject);
    asked.end();
  });
}

function buttonOf(html: string): string {
  return (/class="button" href="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&amp;', '&');
}
