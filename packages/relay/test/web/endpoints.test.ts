import { describe, expect, it } from 'vitest';
import { openRegistration, replyOf, settings, TestServer } from './web-fixture.ts';

describe('POST /new', () => {
  it.each([
    ['in absolute form, as Delta Chat up to 2.58 asks', 'POST https://_cm.test/new HTTP/1.1\r\nHost: _cm.test\r\n\r\n'],
    ['in origin form, as later versions ask', 'POST /new HTTP/1.1\r\nHost: _cm.test\r\n\r\n'],
    ['with a Content-Length', 'POST /new HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'],
    ['without any header', 'POST /new HTTP/1.1\r\n\r\n'],
    ['by a program of long ago', 'POST /new HTTP/1.0\r\n\r\n'],
  ])('%s gets an account', async (_, request) => {
    const server = await TestServer.start({ limits: { keepAliveMs: 1 } });
    const reply = replyOf(await server.raw(request));
    expect(reply.status).toBe(200);
    expect(reply.headers.get('content-type')).toBe('application/json');
    expect(JSON.parse(reply.body)).toEqual({
      email: expect.stringMatching(/^[a-km-np-z3-9]{9}@chat\.example\.org$/),
      password: expect.stringMatching(/^[a-z3-9]{28}$/),
    });
  });

  it('hands the token on', async () => {
    const tokens: unknown[] = [];
    const server = await TestServer.start({
      registration: {
        state: () => 'invite',
        reserve: async (token) => {
          tokens.push(token);
          return openRegistration.reserve(token);
        },
      },
    });
    for (const query of ['?token=k7mQ-_.~', '', '?token=', `?token=${'x'.repeat(129)}`, '?token=<script>']) {
      await server.request('POST', `/new${query}`);
    }
    expect(tokens).toEqual(['k7mQ-_.~', undefined, undefined, undefined, undefined]);
  });

  it('says why not, in words for the person who asked', async () => {
    const reason = 'Sign-up here is by invitation.';
    const server = await TestServer.start({
      registration: {
        state: () => 'invite',
        reserve: async () => ({ kind: 'refused', code: 'invite-needed', reason }),
      },
    });
    const reply = await server.request('POST', '/new');
    expect([reply.status, JSON.parse(reply.body)]).toEqual([403, { reason }]);
  });

  it('asks for patience when the failure is ours, and tells nothing of it', async () => {
    const server = await TestServer.start({
      registration: { state: () => 'open', reserve: () => Promise.reject(new Error('database is locked')) },
    });
    const reply = await server.request('POST', '/new');
    expect(reply.status).toBe(503);
    expect(JSON.parse(reply.body)).toEqual({ reason: expect.stringContaining('try again') });
    expect(reply.headers.get('retry-after')).toBe('60');
    await expect(server.event('request.failed')).resolves.toMatchObject({ route: 'new' });
  });
});

describe('GET /new', () => {
  it('opens the app', async () => {
    const server = await TestServer.start();
    const reply = await server.request('GET', '/new');
    expect([reply.status, reply.headers.get('location')]).toEqual([302, 'dcaccount:chat.example.org']);
    expect(reply.body).toContain('DCACCOUNT:chat.example.org');
  });

  it('opens the app with the invitation, and without one explains', async () => {
    const server = await TestServer.start({ registration: { ...openRegistration, state: () => 'invite' } });
    const invited = await server.request('GET', '/new?token=k7mQ');
    expect(invited.headers.get('location')).toBe('dcaccount:https://chat.example.org/new?token=k7mQ');
    const stranger = await server.request('GET', '/new');
    expect([stranger.status, stranger.headers.get('location')]).toEqual([200, undefined]);
    expect(stranger.body).toContain('By invitation');
  });
});

describe('autoconfiguration', () => {
  it.each(['/.well-known/autoconfig/mail/config-v1.1.xml', '/mail/config-v1.1.xml?emailaddress=a@chat.example.org'])(
    'at %s names the servers, best first',
    async (path) => {
      const server = await TestServer.start();
      const { status, headers, body } = await server.request('GET', path);
      expect([status, headers.get('content-type')]).toEqual([200, 'text/xml; charset=utf-8']);
      const found = [...body.matchAll(/type="(\w+)">\s*<hostname>(.*?)<.*?\s*<port>(\d+)<.*?\s*<socketType>(\w+)</g)];
      expect(found.map(([, ...parts]) => parts)).toEqual([
        ['imap', 'chat.example.org', '993', 'SSL'],
        ['imap', 'chat.example.org', '143', 'STARTTLS'],
        ['smtp', 'chat.example.org', '465', 'SSL'],
      ]);
      expect(body).toContain('<username>%EMAILADDRESS%</username>');
    },
  );
});

describe('the small documents', () => {
  it('mta-sts.txt is the policy, or nothing', async () => {
    const none = await TestServer.start();
    expect((await none.request('GET', '/.well-known/mta-sts.txt')).status).toBe(404);
    const mtaSts = { mode: 'enforce', maxAgeSeconds: 2_419_200, mx: ['chat.example.org'] } as const;
    const server = await TestServer.start({ settings: { ...settings, mtaSts } });
    expect((await server.request('GET', '/.well-known/mta-sts.txt')).body).toBe(
      'version: STSv1\r\nmode: enforce\r\nmx: chat.example.org\r\nmax_age: 2419200\r\n',
    );
  });

  it('robots.txt sends search engines away', async () => {
    const server = await TestServer.start();
    expect((await server.request('GET', '/robots.txt')).body).toBe('User-agent: *\nDisallow: /\n');
  });

  it('healthz says whether the relay is well', async () => {
    const well = await TestServer.start();
    expect((await well.request('GET', '/healthz')).status).toBe(200);
    const ill = await TestServer.start({ isHealthy: async () => false });
    expect((await ill.request('GET', '/healthz')).status).toBe(503);
  });

  it('the logo is there to keep', async () => {
    const server = await TestServer.start();
    const page = await server.request('GET', '/');
    const url = /<img src="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const logo = await server.request('GET', url);
    expect([logo.status, logo.headers.get('content-type')]).toEqual([200, 'image/svg+xml']);
    expect(logo.headers.get('cache-control')).toContain('immutable');
  });
});

describe('every answer', () => {
  it.each([
    ['GET', '/', 200],
    ['GET', '/privacy', 200],
    ['HEAD', '/', 200],
    ['GET', '/new', 302],
    ['POST', '/new', 200],
    ['GET', '/nowhere', 404],
    ['GET', '//nowhere', 404],
    ['GET', '/constructor', 404],
    ['GET', '/../../etc/passwd', 404],
    ['POST', '/', 405],
    ['GET', '/redeem', 405],
    ['DELETE', '/new', 405],
    ['OPTIONS', '*', 404],
  ])('to %s %s (%d) has strict headers and names no software', async (method, path, status) => {
    const server = await TestServer.start();
    const reply = await server.request(method, path);
    expect(reply.status).toBe(status);
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(reply.headers.get('strict-transport-security')).toBe('max-age=31536000');
    expect(reply.headers.get('x-content-type-options')).toBe('nosniff');
    expect(reply.headers.get('x-frame-options')).toBe('DENY');
    expect(reply.headers.get('referrer-policy')).toBe('no-referrer');
    expect(reply.headers.has('server') || reply.headers.has('x-powered-by') || reply.headers.has('set-cookie')).toBe(
      false,
    );
    expect(reply.body === '').toBe(method === 'HEAD');
  });

  it('does not pin visitors to HTTPS where the certificate is self-signed', async () => {
    const server = await TestServer.start({ settings: { ...settings, domain: '_cm.test' } });
    expect((await server.request('GET', '/')).headers.has('strict-transport-security')).toBe(false);
  });
});

describe('the page', () => {
  it('comes compressed to who can read that, and not at all to who has it', async () => {
    const server = await TestServer.start();
    const plain = await server.request('GET', '/');
    const compressed = await server.request('GET', '/', { 'Accept-Encoding': 'gzip, br' });
    expect(compressed.headers.get('content-encoding')).toBe('br');
    expect(Number(compressed.headers.get('content-length'))).toBeLessThan(
      Number(plain.headers.get('content-length')) / 2,
    );
    const etag = plain.headers.get('etag') ?? '';
    const again = await server.request('GET', '/', { 'If-None-Match': `"other", W/${etag}` });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  it('weighs less than 60 KB with everything on it, in every language', async () => {
    const server = await TestServer.start();
    for (const language of ['en', 'de', 'es', 'fr', 'ru', 'fa']) {
      const page = await server.request('GET', `/?lang=${language}`);
      const logo = await server.request('GET', /<img src="([^"]+)"/.exec(page.body)?.[1] ?? '');
      expect(Buffer.byteLength(page.body + logo.body)).toBeLessThan(60_000);
    }
  });

  it('is in the language that the browser asks for', async () => {
    const server = await TestServer.start();
    const page = await server.request('GET', '/', { 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.5' });
    expect(page.body).toContain('<html lang="de" dir="ltr">');
    expect(page.headers.get('vary')).toContain('Accept-Language');
    expect((await server.request('GET', '/?lang=fa', { 'Accept-Language': 'de' })).body).toContain(
      '<html lang="fa" dir="rtl">',
    );
  });
});
