import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { accountSettings, storeLocation, webSettings } from '../../src/services/settings.ts';

const read = (text: string): ReturnType<typeof parseConfig> => parseConfig(text, 'postern.toml');

describe('what the services make of the configuration', () => {
  it('is reached under its domain, on the standard ports', () => {
    const settings = webSettings(read('domain = "chat.example.org"'));
    expect(settings).toMatchObject({
      origin: 'https://chat.example.org',
      imap: [{ host: 'chat.example.org', port: 993, security: 'ssl' }],
      smtp: [{ host: 'chat.example.org', port: 465, security: 'ssl' }],
      mtaSts: { mode: 'enforce', mx: ['chat.example.org'] },
    });
  });

  it('is reached where the operator says, and promises other servers nothing, in a trial', () => {
    const settings = webSettings(read('domain = "_trial.test"\n[reachable]\nhost = "192.0.2.1"\nweb_port = 8443'));
    expect(settings.origin).toBe('https://192.0.2.1:8443');
    expect(settings.imap[0]?.host).toBe('192.0.2.1');
    expect(settings.mtaSts).toBeUndefined();
  });

  it.each([
    ['[192.0.2.1]', 'https://192.0.2.1', '192.0.2.1'],
    ['[ipv6:2001:db8::1]', 'https://[2001:db8::1]', '2001:db8::1'],
  ])('is reached under its address without a name: %s', (domain, origin, host) => {
    const settings = webSettings(read(`domain = "${domain}"`));
    expect(settings.origin).toBe(origin);
    expect(settings.imap[0]?.host).toBe(host);
  });

  it('says on its page what it removes, and nothing of what it does not', () => {
    expect(webSettings(read('domain = "chat.example.org"')).retention).toEqual({
      messageDays: 20,
      largeMessageDays: 7,
      largeMessageBytes: 200_000,
      unusedAccountDays: 90,
      mailboxBytes: 500_000_000,
      recordsLastLogin: true,
    });
    const keepsAll = '[keep]\nmail_days = 0\nlarge_mail_days = 0\nunused_account_days = 0\nmailbox_mb = 0';
    expect(webSettings(read(`domain = "chat.example.org"\n${keepsAll}`)).retention).toEqual({ recordsLastLogin: true });
  });

  it('keeps mail in a folder per address, accounts in a file or on a server', () => {
    const config = read('domain = "chat.example.org"\ndata = "/srv/chat"');
    expect(accountSettings(config).homeOf('alice@chat.example.org')).toBe('/srv/chat/mail/alice@chat.example.org');
    expect(storeLocation(config)).toEqual({ kind: 'sqlite', path: '/srv/chat/postern.db' });
    const shared = read('domain = "chat.example.org"\nstore.url = "postgresql://db.example/postern"');
    expect(storeLocation(shared)).toEqual({ kind: 'postgresql', url: 'postgresql://db.example/postern' });
  });
});
