import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { contactUri, dovecotConf } from '../../src/setup/dovecot.ts';
import { layoutOf } from '../../src/setup/layout.ts';

describe.each(['2.3', '2.4'] as const)('the configuration of Dovecot %s', (series) => {
  const conf = (text: string): string => {
    const config = parseConfig(`domain = "chat.example.org"\n${text}`, 'postern.toml');
    return dovecotConf(config, layoutOf(config), { series, hasNotifyPlugin: true });
  };

  it('says that it wakes devices where that is wanted', () => {
    expect(conf('')).toContain('XDELTAPUSH');
    expect(conf('push.service = "off"')).not.toContain('XDELTAPUSH');
  });

  it('gives each account its room, and tells us before it is full', () => {
    const text = conf('');
    expect(text).toMatch(/storage(?:_size)? ?= ?(?:500000000B|\*:storage=500000000B)|storage=500000000B/);
    const percents = [...text.matchAll(/(?:storage=|percentage = )(\d+)(?:%%|\n)/g)].map(([, percent]) => percent);
    expect(percents).toEqual(['91', '83', '75']);
    expect(text).toContain('quota_full_tempfail = yes');
    expect(text.match(/\/run\/postern\/full\.sock/g)).toHaveLength(3);
    expect(text).toMatch(/protocol imap \{[^}]*imap_quota/);
    expect(conf('keep.mailbox_mb = 0')).not.toMatch(/quota/);
  });

  it('serves many clients with each imap process, one after another', () => {
    expect(conf('')).toMatch(/^service imap \{\n {2}(?:restart_request|service)_count = 1000\n {2}idle_kill/m);
  });

  it('names the operator', () => {
    expect(conf('operator.contact = "op@chat.example"')).toMatch(/^mail_server_admin = mailto:op@chat\.example$/m);
    expect(conf('operator.contact = "ask at the bar"')).not.toContain('mail_server_admin');
  });
});

describe('the contact of an operator', () => {
  it.each([
    ['op@chat.example', 'mailto:op@chat.example'],
    ['mailto:op@chat.example', 'mailto:op@chat.example'],
    ['https://chat.example/us', 'https://chat.example/us'],
    ['ask at the bar', undefined],
    ['Op <op@chat.example>', undefined],
    ['op@chat.example\nssl = no', undefined],
    ['https://chat.example/$ENV:HOME', undefined],
    ['https://chat.example/%{home}', undefined],
    ['https://chat.example/ #', undefined],
  ])('%s is for programs %s', (contact, uri) => {
    expect(contactUri(contact)).toBe(uri);
  });
});
