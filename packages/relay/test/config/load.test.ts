import { describe, expect, it } from 'vitest';
import { ConfigError, loadConfig, parseConfig } from '../../src/config/load.ts';

const read = (text: string): unknown => parseConfig(text, 'postern.toml');

describe('the configuration', () => {
  it('needs only a domain', () => {
    const config = parseConfig('domain = "Chat.Example.org"', 'postern.toml');
    expect(config.domain).toBe('chat.example.org');
    expect(config.accounts.usernameMaxLength).toBe(9);
    expect(config.limits.messagesPerMinute).toBe(60);
    expect(config.mail.incomingCleartext).toBe('accept');
  });

  it.each([
    ['', /postern\.toml: domain is missing\. Add a line like domain = "chat\.example\.org"/],
    ['domain = "no dots"', /postern\.toml: domain = "no dots": is not a domain/],
    ['domain = "-a.example"', /is not a domain/],
    ['domain = "a..example"', /is not a domain/],
    ['domain = "[1.2.3]"', /is not a domain/],
    [
      'domain = "a.example"\n[accounts]\npassword_min_lenght = 12',
      /accounts\.password_min_lenght is not a setting\. Did you mean accounts\.password_min_length\?/,
    ],
    [
      'domain = "a.example"\nmessages_per_minute = 3',
      /messages_per_minute is not a setting\. Did you mean limits\.messages_per_minute\?/,
    ],
    ['domain = "a.example"\n[limits]\nmessages_per_minute = 0', /limits\.messages_per_minute = 0: /],
    ['domain = "a.example"\n[accounts]\nregistration = "opne"', /accounts\.registration = "opne": /],
    [
      'domain = "a.example"\n[accounts]\nusername_min_length = 12',
      /accounts\.username_min_length = 12: is greater than username_max_length/,
    ],
    [
      'domain = "a.example"\n[accounts]\nargon2_passes = 1',
      /accounts\.argon2_passes = 1: is too few for argon2_memory_kib: .*19456 need 2/,
    ],
    ['domain = "a.example"\n[accounts]\nargon2_memory_kib = 1024', /accounts\.argon2_memory_kib = 1024: /],
    ['domain = "a.example"\n[tls]\ncertificate = "/a.pem"', /tls: needs both certificate and key, or neither/],
    ['domain = "a.example"\n[store]\nurl = "mysql://x"', /store\.url = "mysql:\/\/x": is neither/],
    [
      'domain = "a.example"\nkeep.mailbox_mb = 100',
      /keep\.mailbox_mb = 100: leaves less room above evict_above_percent than/,
    ],
    ['domain = "a.example"\nkeep.evict_to_percent = 75', /keep\.evict_to_percent = 75: is not less than evict_above/],
    ['domain = "a.example"\n[push]\nservice = "yes"', /push\.service = "yes": is neither "off" nor an http address/],
    ['domain = "a.example"\n[calls]\nturn_host = "t.example"', /calls: needs both turn_host and turn_secret/],
    ['domain = "a.example"\n[calls]\nturn_host = "2001:db8::1"', /turn_host = .*is not the name of a host/],
    ['domain = "a.example"\n[calls]\nturn_secret = "short"', /turn_secret = "…": is shorter than 16 characters/],
    ['domain = "a.example"\n[store]\nurl = "mysql://a:secret@b/c"', /store\.url = "mysql:\/\/a:…@b\/c": is neither/],
    ['domain = "a.example"\n[clients]\niroh_relay = "http://i.example"', /iroh_relay = .*is not an https address/],
    ['domain = "a.example', /postern\.toml, line 1: /],
  ])('refuses %j and says why', (text, message) => {
    expect(() => read(text)).toThrow(ConfigError);
    expect(() => read(text)).toThrow(message);
  });

  it.each(['_trial.example', '_x', '[192.0.2.1]', '[ipv6:2001:db8::1]', 'xn--bcher-kva.example'])(
    'takes the domain %s',
    (domain) => {
      expect(parseConfig(`domain = "${domain}"`, 'x').domain).toBe(domain);
    },
  );

  it('marks an IPv6 address as one, as mail requires it', () => {
    expect(parseConfig('domain = "[2001:DB8::1]"', 'x').domain).toBe('[ipv6:2001:db8::1]');
  });

  it('names the file that is not there', () => {
    expect(() => loadConfig('/nowhere/postern.toml')).toThrow(
      /^\/nowhere\/postern\.toml: cannot be read: there is no such file/,
    );
  });
});
