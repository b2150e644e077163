import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseInvite } from '@postern/invite';
import { operatorInvite, type WebSettings } from '@postern/relay';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import yargs from 'yargs';
import { inviteCommand } from '../../src/invite/command.ts';
import { showInvite, type Terminal } from '../../src/invite/outputs.ts';

let folder: string;
const file = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'postern-invite-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  process.exitCode = 0;
});

interface Said {
  readonly out: string;
  readonly errors: string;
  readonly exitCode: unknown;
}

/** Runs `postern invite …` with a configuration, in a terminal without colours. */
async function invite(config: string, ...args: readonly string[]): Promise<Said> {
  writeFileSync(file('postern.toml'), config);
  const out: string[] = [];
  const errors: string[] = [];
  const spies = [
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => out.push(String(text)) > 0),
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => errors.push(String(text)) > 0),
  ];
  process.exitCode = 0;
  try {
    await yargs(['invite', '--config', file('postern.toml'), ...args])
      .option('config', { type: 'string' })
      .command(inviteCommand)
      .exitProcess(false)
      .parseAsync();
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { out: out.join(''), errors: errors.join(''), exitCode: process.exitCode };
}

describe('postern invite', () => {
  it('shows code and link of an open relay', async () => {
    const { out, exitCode } = await invite('domain = "chat.example.org"\n');
    expect(out).toMatch(/[▀▄]/);
    expect(out).not.toContain('\u001B'); // it goes into a pipe here
    expect(out).toContain('\nDCACCOUNT:chat.example.org\n');
    expect(exitCode).toBe(0);
  });

  it('prints nothing but the link when that is asked for', async () => {
    expect((await invite('domain = "chat.example.org"\n', '--link')).out).toBe('DCACCOUNT:chat.example.org\n');
  });

  it('makes a code for one person where no authority vouches for the relay, another each time', async () => {
    const config = 'domain = "_cm.test"\n[reachable]\nhost = "192.0.2.1"\nimap_port = 10993\n';
    const [first, second] = [await invite(config, '--link'), await invite(config, '--link')];
    expect(first.out).not.toBe(second.out);
    expect(parseInvite(first.out)).toMatchObject({
      kind: 'login',
      imap: { host: '192.0.2.1', port: 10_993, security: 'ssl' },
      certificateChecks: 'accept-invalid',
    });
    expect((await invite(config)).out).toContain('each person needs a code of their own');
  });

  it('needs an invitation where sign-up is by invitation', async () => {
    const config = 'domain = "chat.example.org"\n[accounts]\nregistration = "invite"\n';
    const without = await invite(config);
    expect([without.exitCode, without.out]).toEqual([1, '']);
    expect(without.errors).toContain('--token');
    expect((await invite(config, '--link', '--token', 'k7mQ')).out).toBe(
      'DCACCOUNT:https://chat.example.org/new?token=k7mQ\n',
    );
  });

  it('makes none while sign-up is closed', async () => {
    const { errors, exitCode } = await invite('domain = "chat.example.org"\n[accounts]\nregistration = "closed"\n');
    expect([exitCode, errors]).toEqual([1, expect.stringContaining('closed')]);
  });

  it('writes files, and says which', async () => {
    const files = ['--svg', file('code.svg'), '--png', file('code.png'), '--poster', file('poster.pdf')];
    const { out } = await invite('domain = "chat.example.org"\n', ...files, '--language', 'fa');
    expect(out).toContain(`Written: ${file('poster.pdf')}`);
    expect(readFileSync(file('code.svg'), 'utf8')).toContain('<svg');
    expect(readFileSync(file('code.png')).subarray(1, 4).toString()).toBe('PNG');
    expect(readFileSync(file('poster.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    await invite('domain = "chat.example.org"\n', '--poster', file('poster.svg'), '--language', 'de-AT');
    expect(readFileSync(file('poster.svg'), 'utf8')).toContain('Komm rein und schreib los.');
  });

  it.each([
    ['--svg', '/nonexistent/code.svg', 'could not be written'],
    ['--poster', 'poster.docx', 'has to end in .pdf or .svg'],
  ])('says why %s %s cannot be', async (option, path, reason) => {
    const { errors, exitCode } = await invite('domain = "chat.example.org"\n', option, path);
    expect([exitCode, errors]).toEqual([1, expect.stringContaining(reason)]);
  });
});

describe('a terminal', () => {
  const settings: WebSettings = {
    domain: 'chat.example.org',
    origin: 'https://chat.example.org',
    imap: [],
    smtp: [],
    retention: {},
    operator: {},
  };

  async function shown(terminal: Omit<Terminal, 'write'>): Promise<string> {
    let text = '';
    const write = (more: string): void => void (text += more);
    await showInvite(settings, operatorInvite(settings), {
      outputs: { language: 'en' },
      terminal: { ...terminal, write },
    });
    return text;
  }

  it('that is too narrow gets the link and not half a code', async () => {
    const text = await shown({ columns: 30, hasColour: true });
    expect(text).toContain('The code needs 33 columns, and this terminal has 30.');
    expect(text).not.toContain('▀');
    expect(text).toContain('DCACCOUNT:chat.example.org');
  });

  it('with colours gets black on white', async () => {
    expect(await shown({ columns: 33, hasColour: true })).toContain('\u001B[48;5;231m');
  });
});
