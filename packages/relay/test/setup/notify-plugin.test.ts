import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { dovecotConf } from '../../src/setup/dovecot.ts';
import { layoutOf } from '../../src/setup/layout.ts';
import { hasNotifyPlugin } from '../../src/setup/notify-plugin.ts';

describe('the notify plugin', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'postern-notify-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('is there when it was compiled for the Dovecot that is installed', async () => {
    await writeFile(join(folder, 'postern_notify.version'), '2.3.19.1 (9b53102964)\n');
    expect(await hasNotifyPlugin('2.3.19.1 (9b53102964)\n', folder)).toBe(true);
  });

  it('is as good as absent when Dovecot was upgraded since', async () => {
    await writeFile(join(folder, 'postern_notify.version'), '2.3.19.1 (9b53102964)\n');
    expect(await hasNotifyPlugin('2.3.20 (80a5ac675d)\n', folder)).toBe(false);
  });

  it('is absent where it could not be built', async () => {
    expect(await hasNotifyPlugin('2.3.19.1 (9b53102964)\n', folder)).toBe(false);
  });

  it.each(['2.3', '2.4'] as const)('is loaded by imap of Dovecot %s only, and only where it is', (series) => {
    const config = parseConfig('domain = "chat.example.org"', 'postern.toml');
    const conf = (isThere: boolean): string =>
      dovecotConf(config, layoutOf(config), { series, hasNotifyPlugin: isThere });
    expect(conf(true)).toMatch(/^protocol imap \{\n +mail_plugins[^}]*postern_notify/m);
    expect(conf(true).match(/postern_notify/g)).toHaveLength(1);
    expect(conf(false)).not.toContain('postern_notify');
  });

  it.each(['2.3', '2.4'] as const)(
    'lets clients of Dovecot %s be put to sleep, which would miss mail without it',
    (series) => {
      const config = parseConfig('domain = "chat.example.org"', 'postern.toml');
      const conf = (isThere: boolean): string =>
        dovecotConf(config, layoutOf(config), { series, hasNotifyPlugin: isThere });
      expect(conf(true)).toContain('\nimap_hibernate_timeout = 1s\n');
      expect(conf(false)).not.toContain('imap_hibernate_timeout');
    },
  );
});
