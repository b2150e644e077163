import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { parseInvite } from '@postern/invite';
import { describe, expect, it } from 'vitest';
import type { RegistrationState } from '../../src/web/registration.ts';
import type { WebSettings } from '../../src/web/settings.ts';
import { openRegistration, type Reply, settings, TestFolder, TestServer } from './web-fixture.ts';

async function page(
  path: string,
  options: { settings?: Partial<WebSettings>; state?: RegistrationState } = {},
): Promise<Reply> {
  const server = await TestServer.start({
    settings: { ...settings, ...options.settings },
    registration: { ...openRegistration, state: () => options.state ?? 'open' },
  });
  return await server.request(path.startsWith('/redeem') ? 'POST' : 'GET', path);
}

function linkOf(html: string): string {
  const href = /class="button" href="([^"]*)"/.exec(html)?.[1] ?? '';
  return href.replaceAll('&amp;', '&');
}

describe('the page of an open relay', () => {
  it('has a button, a code and the link in letters that all lead to the same account link', async () => {
    const { body } = await page('/');
    expect(linkOf(body)).toBe('DCACCOUNT:chat.example.org');
    expect(body).toContain('<svg xmlns="http://www.w3.org/2000/svg"');
    expect(body).toContain('dir="ltr">DCACCOUNT:chat.example.org</bdi>');
    expect(body).toContain('Open to everyone');
  });

  it('tells what is kept, as configured', async () => {
    const { body } = await page('/', {
      settings: { retention: { messageDays: 1, largeMessageDays: 7, largeMessageBytes: 200_000 } },
    });
    expect(body).toContain('<dt>Messages, encrypted</dt><dd><bdi>1 day</bdi>, then deleted</dd>');
    expect(body).toContain(
      '<dt>Messages over <bdi>200 kB</bdi>, once seen</dt><dd><bdi>7 days</bdi>, then deleted</dd>',
    );
    expect(body).not.toContain('Accounts nobody uses');
    expect(body).not.toContain('Your last login');
    expect((await page('/', { settings: { retention: {} } })).body).toContain('as long as the account exists');
  });

  it('says so when nobody is known to run it', async () => {
    const { body } = await page('/', { settings: { operator: {} } });
    expect(body).toContain('The operator has not said who they are.');
  });

  it('loads nothing from elsewhere and runs nothing', async () => {
    const { body } = await page('/');
    expect(body).not.toMatch(/<script|<iframe|<link rel="stylesheet| on\w+=|@import|url\(/i);
    expect(Array.from(body.matchAll(/ src="([^"]*)"/g), ([, src]) => src)).toEqual([
      expect.stringMatching(/^\/logo\.svg\?v=/),
    ]);
  });

  it('allows its own style and no other', async () => {
    const { body, headers } = await page('/');
    const style = /<style>([^]*?)<\/style>/.exec(body)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers.get('content-security-policy')).toContain(`style-src 'sha256-${hash}'`);
  });
});

describe('the page of a relay where sign-up is by invitation', () => {
  it('offers nothing to who has none', async () => {
    const { body } = await page('/', { state: 'invite' });
    expect(body).toContain('By invitation');
    expect(body).not.toContain('DCACCOUNT');
    expect(body).not.toContain('class="button"');
  });

  it('leads who has one to their account, and is kept nowhere', async () => {
    const { body, headers } = await page('/?token=k7mQ', { state: 'invite' });
    expect(linkOf(body)).toBe('DCACCOUNT:https://chat.example.org/new?token=k7mQ');
    expect(body).toContain('You are invited');
    expect(body).toContain('href="/?lang=de&amp;token=k7mQ"');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each(['"><script>alert(1)</script>', "' onclick='x", 'x'.repeat(129)])(
    'takes no token that cannot be one: %.20s',
    async (token) => {
      const { body } = await page(`/?token=${encodeURIComponent(token)}`, { state: 'invite' });
      expect(body).not.toContain(token);
      expect(body).not.toContain('class="button"');
    },
  );
});

describe('the page of a closed relay', () => {
  it('says so and names others', async () => {
    const { body } = await page('/?token=k7mQ', { state: 'closed' });
    expect(body).toContain('Sign-up is closed');
    expect(body).toContain('https://chatmail.at/relays');
    expect(body).not.toContain('DCACCOUNT');
  });

  it('opens at once when sign-up does', async () => {
    let state: RegistrationState = 'closed';
    const server = await TestServer.start({ registration: { ...openRegistration, state: () => state } });
    expect((await server.request('GET', '/')).body).toContain('Sign-up is closed');
    state = 'open';
    expect((await server.request('GET', '/')).body).toContain('Open to everyone');
  });
});

describe.each(['_cm.test', '[192.0.2.1]'])('the page of %s, whose certificate nobody vouches for', (domain) => {
  const trial = {
    domain,
    imap: [{ host: '192.0.2.1', port: 10_993, security: 'ssl' }],
    smtp: [{ host: '192.0.2.1', port: 10_465, security: 'ssl' }],
  } as const;

  it('gives every visitor an account of their own, servers and ports spelt out', async () => {
    const links = [];
    for (let visit = 0; visit < 2; visit += 1) links.push(linkOf((await page('/', { settings: trial })).body));
    expect(links[0]).not.toBe(links[1]);
    expect(parseInvite(links[0] ?? '')).toMatchObject({
      kind: 'login',
      address: expect.stringMatching(/^[a-z3-9]{9}@/),
      imap: trial.imap[0],
      smtp: trial.smtp[0],
      certificateChecks: 'accept-invalid',
    });
  });

  it('gives the invited an account when they press the button, not before', async () => {
    const { body } = await page('/?token=k7mQ', { settings: trial, state: 'invite' });
    expect(body).toContain('<form class="action" method="post" action="/redeem?token=k7mQ">');
    const redeemed = await page('/redeem?token=k7mQ', { settings: trial, state: 'invite' });
    expect(parseInvite(linkOf(redeemed.body)).kind).toBe('login');
  });

  it('says why not', async () => {
    const server = await TestServer.start({
      settings: { ...settings, ...trial },
      registration: {
        state: () => 'invite',
        reserve: async () => ({ kind: 'refused', code: 'invite-invalid', reason: 'This <invite> is used up.' }),
      },
    });
    const reply = await server.request('POST', '/redeem?token=k7mQ');
    expect(reply.status).toBe(403);
    expect(reply.body).toContain('This &lt;invite&gt; is used up.');
  });
});

describe('the privacy policy', () => {
  it('names the operator and what is kept', async () => {
    const { body } = await page('/privacy?lang=de');
    expect(body).toContain('Marta Brandt\nGartenstraße 5\n79098 Freiburg');
    expect(body).toContain('href="mailto:marta@example.org"');
    expect(body).toContain('<bdi>20 Tage</bdi>, dann gelöscht');
  });

  it('says when the operator has entered nothing', async () => {
    const { body } = await page('/privacy', { settings: { operator: {} } });
    expect(body).toContain('The operator has not entered a name and an address yet.');
  });

  it('claims only what is so', async () => {
    const strict = await page('/privacy', {
      settings: { acceptsCleartext: false, sendsNotifications: true, retention: {} },
    });
    expect(strict.body).not.toContain('ordinary e-mail');
    expect(strict.body).not.toContain('goes by itself');
    expect(strict.body).toContain('notification service');
    const usual = await page('/privacy');
    expect(usual.body).toContain('ordinary e-mail');
    expect(usual.body).not.toContain('notification service');
  });
});

describe('what an operator writes', () => {
  it('is text, whatever it looks like', async () => {
    const nasty = '<img src=x onerror=alert(1)>"\'&';
    const operator = { name: nasty, contact: 'javascript:alert(1)', address: nasty };
    for (const path of ['/', '/privacy']) {
      const { body } = await page(path, { settings: { title: nasty, operator } });
      expect(body).not.toContain('<img src=x');
      expect(body).not.toContain('href="javascript');
      expect(body).toContain('&lt;img src=x');
    }
  });

  it.each([
    ['marta@example.org', 'mailto:marta@example.org'],
    ['https://example.org/me?a=1&b=2', 'https://example.org/me?a=1&amp;b=2'],
  ])('as contact, %s, is a link', async (contact, href) => {
    expect((await page('/', { settings: { operator: { contact } } })).body).toContain(`href="${href}"`);
  });

  it('in the folder shows at once, and what cannot be used is reported', async () => {
    const own = TestFolder.ofTest();
    const server = await TestServer.start({ settings: { ...settings, customFolder: own.path } });
    writeFileSync(own.file('style.css'), ':root { --accent: #a03; }');
    writeFileSync(own.file('logo.png'), Buffer.from('89504e470d0a1a0a', 'hex'));
    writeFileSync(own.file('en.toml'), 'headline = "Moin."\nheadlin = "x"\n');
    await server.event('customisation.unusable');
    const reply = await server.request('GET', '/');
    expect(reply.body).toContain('<h1>Moin.</h1>');
    expect(reply.body).toContain('--accent: #a03;');
    expect(reply.body).toMatch(/<img src="\/logo\.png\?v=[0-9a-f]{12}"/);
    expect((await server.request('GET', '/logo.png')).headers.get('content-type')).toBe('image/png');
    expect((await server.request('GET', '/logo.svg')).status).toBe(404);
  });

  it.each([
    ['style.css', '</style><script>alert(1)</script>'],
    ['style.css', ' '.repeat(10_001)],
    ['logo.svg', ' '.repeat(30_001)],
  ])('as %s is not used when it would break the page', async (file, content) => {
    const own = TestFolder.ofTest();
    writeFileSync(own.file(file), content);
    const server = await TestServer.start({ settings: { ...settings, customFolder: own.path } });
    await expect(server.event('customisation.unusable')).resolves.toMatchObject({ file });
    const { body } = await server.request('GET', '/');
    expect(body).not.toContain('alert(1)');
    expect(Buffer.byteLength(body)).toBeLessThan(30_000);
  });
});
