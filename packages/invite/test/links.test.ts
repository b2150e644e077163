import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountLink, loginLink, needsLoginLink, parseInvite, type LoginInvite } from '@postern/invite';

describe('an account link', () => {
  it.each([
    ['a domain', { domain: 'chat.example.org' }, 'DCACCOUNT:chat.example.org'],
    ['a domain in capitals', { domain: 'Chat.Example.ORG' }, 'DCACCOUNT:chat.example.org'],
    ['a domain with letters beyond ASCII', { domain: 'bücher.example' }, 'DCACCOUNT:xn--bcher-kva.example'],
    ['a trial relay', { domain: '_cm.test' }, 'DCACCOUNT:_cm.test'],
    ['an address to ask', { url: 'https://chat.example.org/new' }, 'DCACCOUNT:https://chat.example.org/new'],
    [
      'an invitation',
      { url: 'https://chat.example.org:8443/new', token: 'a b&c' },
      'DCACCOUNT:https://chat.example.org:8443/new?token=a+b%26c',
    ],
  ])('is made from %s', (_, options, link) => {
    expect(accountLink(options)).toBe(link);
    expect(parseInvite(link)).toMatchObject({ kind: 'account' });
  });

  it.each([
    ['no domain', { domain: '' }, 'domain'],
    ['a path', { domain: 'chat.example.org/' }, 'domain'],
    ['a port', { domain: 'chat.example.org:443' }, 'domain'],
    ['the double slash that clients cannot use', { domain: '//chat.example.org' }, 'domain'],
    ['an IP address', { domain: '192.0.2.1' }, 'domain'],
    ['a label that is too long', { domain: `${'a'.repeat(64)}.example` }, 'domain'],
    ['percent signs', { domain: 'chat%2eexample.org' }, 'domain'],
    ['a line break', { domain: 'chat.example.org\nx' }, 'domain'],
    ['http', { url: 'http://chat.example.org/new' }, 'url'],
    ['capital HTTPS, which clients take for a domain', { url: 'HTTPS://chat.example.org/new' }, 'url'],
    ['a user in the address', { url: 'https://me@chat.example.org/new' }, 'url'],
  ])('is not made from %s', (_, options, code) => {
    expect(() => accountLink(options)).toThrow(expect.objectContaining({ name: 'InviteError', code }));
  });
});

describe('a login link', () => {
  it('names servers, ports, security and certificate checks', () => {
    const link = loginLink({
      address: 'abc@_cm.test',
      password: 's3cret',
      imap: { host: '_cm.test', port: 993, security: 'ssl' },
      smtp: { host: '_cm.test', port: 465, security: 'ssl' },
      certificateChecks: 'accept-invalid',
    });
    expect(link).toBe('dclogin:abc@_cm.test?p=s3cret&v=1&ih=_cm.test&ip=993&is=ssl&sh=_cm.test&sp=465&ss=ssl&ic=3');
  });

  it('names the servers of an address literal by itself, because clients would look for imap.[192.0.2.1]', () => {
    const link = loginLink({ address: 'abc@[192.0.2.1]', password: 'x' });
    expect(link).toBe('dclogin:abc@[192.0.2.1]?p=x&v=1&ih=192.0.2.1&sh=192.0.2.1');
  });

  it('carries every password', () => {
    const password = '{DaehFl;"as@!fh d+n5$234"{}%fg&v=2#ü€😀';
    expect(parseInvite(loginLink({ address: 'a+b$c-d@chat.example.org', password }))).toEqual({
      kind: 'login',
      address: 'a+b$c-d@chat.example.org',
      password,
    });
  });

  it('is read as it was made, whatever it holds', () => {
    const server = fc.record(
      {
        host: fc.constantFrom('imap.example.org', '192.0.2.1', '2001:db8::1', '_x.test'),
        port: fc.integer({ min: 1, max: 65_535 }),
        security: fc.constantFrom('ssl', 'starttls', 'plain', 'default'),
        user: fc.string({ unit: 'grapheme' }),
        password: fc.string({ unit: 'grapheme' }),
      } as const,
      { requiredKeys: ['host'] },
    );
    const login = fc.record(
      {
        kind: fc.constant('login'),
        address: fc
          .tuple(
            fc.stringMatching(/^[a-zA-Z0-9._$+%&=?#/-]{1,20}$/),
            fc.constantFrom('a.example', '_b.test', '[192.0.2.1]', '[2001:db8::1]'),
          )
          .map((parts) => parts.join('@')),
        password: fc.string({ unit: 'grapheme', minLength: 1 }),
        imap: server,
        smtp: server,
        certificateChecks: fc.constantFrom('automatic', 'strict', 'accept-invalid'),
      } as const,
      { requiredKeys: ['kind', 'address', 'password', 'imap', 'smtp'] },
    );
    fc.assert(
      fc.property(login, (given: LoginInvite) => {
        expect(parseInvite(loginLink(given))).toEqual(given);
      }),
    );
  });

  it.each([
    ['no @', { address: 'chat.example.org', password: 'x' }, 'address'],
    ['a space in the address', { address: 'a b@chat.example.org', password: 'x' }, 'address'],
    ['two @', { address: 'a@b@chat.example.org', password: 'x' }, 'address'],
    ['no domain', { address: 'a@', password: 'x' }, 'domain'],
    ['no password', { address: 'a@chat.example.org', password: '' }, 'password'],
    ['port 0', { address: 'a@chat.example.org', password: 'x', imap: { port: 0 } }, 'port'],
    ['half a port', { address: 'a@chat.example.org', password: 'x', smtp: { port: 46.5 } }, 'port'],
    ['a host with a space', { address: 'a@chat.example.org', password: 'x', smtp: { host: 'a b' } }, 'host'],
  ])('is not made with %s', (_, login, code) => {
    expect(() => loginLink(login)).toThrow(expect.objectContaining({ name: 'InviteError', code }));
  });
});

describe('an invite that was read', () => {
  it.each([
    ['dcaccount:CHAT.example.org', { kind: 'account', domain: 'chat.example.org' }],
    [' DCACCOUNT:chat.example.org\n', { kind: 'account', domain: 'chat.example.org' }],
    [
      'DCACCOUNT:https://chat.example.org/new?token=x',
      { kind: 'account', domain: 'chat.example.org', url: 'https://chat.example.org/new?token=x' },
    ],
    ['DCLOGIN://a@chat.example.org/ignored?v=1&p=x', { kind: 'login', address: 'a@chat.example.org', password: 'x' }],
    [
      'dclogin:user%40[192.0.2.1]?v=1&p=a+b&ic=2',
      { kind: 'login', address: 'user@[192.0.2.1]', password: 'a b', certificateChecks: 'accept-invalid' },
    ],
  ])('%s is understood', (text, invite) => {
    expect(parseInvite(text)).toEqual(invite);
  });

  it.each([
    ['', 'scheme'],
    ['https://chat.example.org/new', 'scheme'],
    ['OPENPGP4FPR:0123', 'scheme'],
    ['DCACCOUNT:', 'domain'],
    ['dcaccount://chat.example.org', 'double-slash'],
    ['dcaccount://https://chat.example.org/new', 'double-slash'],
    ['DCACCOUNT:http://chat.example.org/new', 'url'],
    ['DCACCOUNT:chat.example.org/', 'domain'],
    ['DCACCOUNT:chat.example.org?x=1', 'domain'],
    ['dclogin:chat.example.org?v=1&p=x', 'address'],
    ['dclogin:%FF@chat.example.org?v=1&p=x', 'address'],
    ['dclogin:a@chat.example.org', 'version'],
    ['dclogin:a@chat.example.org?v=2&p=x', 'version'],
    ['dclogin:a@chat.example.org?v=1', 'password'],
    ['dclogin:a@chat.example.org?v=1&p=x&ip=65536', 'port'],
    ['dclogin:a@chat.example.org?v=1&p=x&is=tls', 'security'],
    ['dclogin:a@chat.example.org?v=1&p=x&ic=4', 'certificate-checks'],
    ['dclogin:a@chat.example.org?v=1&p=x&ic=constructor', 'certificate-checks'],
    [`DCACCOUNT:${'x'.repeat(3000)}`, 'too-long'],
  ])('%s is refused, as it is no use to a client', (text, code) => {
    expect(parseInvite(text)).toMatchObject({ kind: 'refused', code });
  });

  it('never throws', () => {
    const anything = fc.tuple(
      fc.constantFrom('', 'DCACCOUNT:', 'dclogin:', 'dclogin:a@b.c?v=1&p=x&'),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(anything, (parts) => {
        expect(parseInvite(parts.join(''))).toHaveProperty('kind');
      }),
    );
  });
});

describe('a relay whose certificate nobody vouches for', () => {
  it.each([
    ['_cm.test', true],
    ['[192.0.2.1]', true],
    ['[2001:db8::1]', true],
    ['chat.example.org', false],
  ])('%s needs login links: %s', (domain, needed) => {
    expect(needsLoginLink(domain)).toBe(needed);
  });
});
