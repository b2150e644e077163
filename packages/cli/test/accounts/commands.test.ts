import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadSecrets } from '../../../relay/src/accounts/secrets.ts';
import { openStore } from '../../../relay/src/store/store.ts';
import { runCommandLine } from '../../src/command-line.ts';

// openssl passwd -6 -salt b a
const hashOfA =
  '{SHA512-CRYPT}$6$b$gGrypGsRGH2Oyy7L7rke3Ap0GG5p/DwKrFOwpBXEy0ZV9TFmIGVMQjcmf4ZUJ2VERdPyNfcAl5Fo0lxKW.2Vx/';

let folder: string;
let config: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'postern-commands-'));
  config = join(folder, 'postern.toml');
  writeFileSync(config, `domain = "chat.example"\ndata = "${folder}"\nrun = "${folder}/run"\n`);
  loadSecrets(join(folder, 'secret.key'), randomBytes);
  await (await openStore({ kind: 'sqlite', path: join(folder, 'postern.db') })).close();
});
afterEach(() => {
  process.exitCode = undefined;
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command in this process, as `postern …` would. */
async function postern(...args: readonly string[]): Promise<Ran> {
  const texts = { stdout: '', stderr: '' };
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      texts[name] += String(chunk);
      return true;
    }),
  );
  process.exitCode = undefined;
  try {
    const code = await runCommandLine([...args, '--config', config]);
    return { code, out: texts.stdout, err: texts.stderr };
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
}

/** A chatmail relay's mail folder with these accounts in it. */
function chatmail(...names: readonly string[]): string {
  const mail = join(folder, 'vmail');
  for (const name of names) {
    mkdirSync(join(mail, `${name}@chat.example`), { recursive: true });
    writeFileSync(join(mail, `${name}@chat.example`, 'password'), hashOfA);
  }
  return mail;
}

describe('postern accounts', () => {
  it('imports from a chatmail relay, and says first what it would do', async () => {
    const mail = chatmail('alice-001', 'bobby-001');
    mkdirSync(join(mail, 'carol-001@other.example'));
    writeFileSync(join(mail, 'carol-001@other.example', 'password'), hashOfA);
    const words = '  carol-001@other.example: not an address at chat.example\n';
    const plan = await postern('accounts', 'import', mail, '--dry-run');
    expect(plan).toEqual({ code: 0, out: `2 would be added\n0 there already\n1 refused:\n${words}`, err: '' });
    expect((await postern('accounts', 'list')).out).toBe('');
    const unasked = await postern('accounts', 'import', mail);
    expect(unasked).toMatchObject({
      code: 1,
      err: 'postern: nothing was done; add --yes to do it without being asked.\n',
    });
    const done = await postern('accounts', 'import', mail, '--yes', '--json');
    expect(JSON.parse(done.out)).toMatchObject({ added: 2, same: 0, kept: 0, locked: 0 });
    expect((await postern('accounts', 'list', '--count')).out).toBe(
      '2 accounts, 0 of them blocked; 0 kept by invites\n',
    );
    expect(await postern('accounts', 'import', join(folder, 'nowhere'))).toMatchObject({
      code: 1,
      err: `postern: ${folder}/nowhere: there is no such file or folder.\n`,
    });
  });

  it('lists, shows, blocks and unblocks', async () => {
    await postern('accounts', 'import', chatmail('alice-001', 'bobby-001'), '--yes');
    const today = new Date().toISOString().slice(0, 10);
    expect((await postern('accounts', 'list', '--match', 'alice')).out).toBe(
      `alice-001@chat.example\tmade ${today}\tseen ${today}\n`,
    );
    const blocked = await postern(
      'accounts',
      'block',
      'alice-001@chat.example',
      'nobody-01@chat.example',
      '--reason',
      'Spam',
    );
    expect(blocked).toEqual({
      code: 1,
      out: 'alice-001@chat.example: blocked\n',
      err: 'postern: there is no account nobody-01@chat.example.\n',
    });
    expect(JSON.parse((await postern('accounts', 'show', 'alice-001@chat.example', '--json')).out)).toEqual({
      address: 'alice-001@chat.example',
      created: today,
      lastImap: today,
      blocked: { since: today, reason: 'Spam' },
    });
    expect((await postern('accounts', 'list', '--blocked', '--json')).out).toContain('"alice-001@chat.example"');
    expect((await postern('accounts', 'list', '--no-blocked')).out).not.toContain('alice-001');
    expect((await postern('accounts', 'unblock', 'alice-001@chat.example')).code).toBe(0);
    expect((await postern('accounts', 'show', 'alice-001@chat.example')).out).toBe(
      `alice-001@chat.example\nmade             ${today}\nlast by IMAP     ${today}\nlast by SMTP     never\n`,
    );
    expect(await postern('accounts', 'show', 'nobody-01@chat.example')).toMatchObject({
      code: 1,
      err: 'postern: there is no account nobody-01@chat.example.\n',
    });
  });

  it('deletes those that are named or chosen, and never all of them by accident', async () => {
    await postern('accounts', 'import', chatmail('alice-001', 'bobby-001', 'carol-001'), '--yes');
    mkdirSync(join(folder, 'mail/alice-001@chat.example/Maildir'), { recursive: true });
    expect(await postern('accounts', 'delete', '--yes')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/which accounts/),
    });
    expect(await postern('accounts', 'delete', 'alice-001@chat.example', '--unseen', '0', '--yes')).toMatchObject({
      code: 2,
    });
    expect(await postern('accounts', 'delete', 'alice-001@chat.example')).toMatchObject({ code: 1, out: '' });
    expect((await postern('accounts', 'delete', 'alice-001@chat.example', '--yes')).out).toBe('1 of 1 deleted.\n');
    expect(existsSync(join(folder, 'mail/alice-001@chat.example'))).toBe(false);
    expect(await postern('accounts', 'delete', 'alice-001@chat.example', '--yes')).toMatchObject({ code: 1 });
    expect((await postern('accounts', 'delete', '--match', 'bobby', '--yes')).out).toBe('1 of 1 deleted.\n');
    expect((await postern('accounts', 'list')).out).toMatch(/^carol-001@chat.example\t[^\n]*\n$/);
  });

  it('exports to a new file for its owner only, and takes it back', async () => {
    await postern('accounts', 'import', chatmail('alice-001', 'bobby-001'), '--yes');
    const file = join(folder, 'export.jsonl');
    expect(await postern('accounts', 'export', file)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^2 accounts/),
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(await postern('accounts', 'export', file)).toMatchObject({
      code: 1,
      err: `postern: ${file}: is there already\n`,
    });
    expect((await postern('accounts', 'export')).out).toBe(readFileSync(file, 'utf8'));
    expect((await postern('accounts', 'import', file)).out).toBe('0 added\n2 there already\n');
    await postern('accounts', 'delete', '--match', '-001', '--yes');
    expect((await postern('accounts', 'import', file, '--yes')).out).toMatch(/2 added\n0 there already\n$/);
  });

  it('explains wrong words', async () => {
    expect(await postern('accounts')).toMatchObject({ code: 2, err: expect.stringMatching(/What about the accounts/) });
    expect(await postern('accounts', 'list', '--unseen', 'long')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--unseen is a number of days/),
    });
    expect(await postern('accounts', 'list', '--unsene', '3')).toMatchObject({ code: 2 });
  });

  it('makes no database where there is none', async () => {
    rmSync(join(folder, 'postern.db'));
    expect(await postern('accounts', 'list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/cannot be opened \(ENOENT\)/),
    });
    expect(existsSync(join(folder, 'postern.db'))).toBe(false);
  });
});

describe('postern registration and restore', () => {
  it('refuse to go on with another secret, until told that the old one is lost', async () => {
    await postern('accounts', 'list');
    rmSync(join(folder, 'secret.key'));
    loadSecrets(join(folder, 'secret.key'), randomBytes);
    const refusal = await postern('accounts', 'list');
    expect(refusal).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${join(folder, 'secret.key')}: is not the`),
    });
    expect(await postern('restore', 'new-secret')).toMatchObject({ code: 1, out: '' });
    expect(await postern('restore', 'new-secret', '--yes')).toMatchObject({ code: 0 });
    expect(await postern('accounts', 'list')).toMatchObject({ code: 0 });
  });

  it('switch who may create an account', async () => {
    expect((await postern('registration')).out).toBe('Everybody can create an account. (as the configuration says)\n');
    expect((await postern('registration', 'close')).out).toBe('Nobody can create an account. (switched by hand)\n');
    expect((await postern('registration', 'invite')).out).toMatch(/^Only who has an invite/);
    await postern('restore', 'begin');
    expect(JSON.parse((await postern('registration', '--json')).out)).toEqual({
      mode: 'invite',
      isSwitched: true,
      isRestoring: true,
    });
    await postern('restore', 'end');
    expect((await postern('registration', 'reset')).out).toBe(
      'Everybody can create an account. (as the configuration says)\n',
    );
    expect(await postern('registration', 'shut')).toMatchObject({ code: 2 });
  });

  it('decide at once what "postern invite" shows', async () => {
    await postern('registration', 'invite');
    const byInvitation = await postern('invite', '--link');
    expect(byInvitation).toMatchObject({ code: 1, out: '' });
    expect(byInvitation.err).toContain('postern invite create');
    await postern('registration', 'close');
    expect(await postern('invite', '--link')).toMatchObject({ code: 1, out: '' });
    await postern('registration', 'open');
    expect(await postern('invite', '--link')).toMatchObject({ code: 0, out: 'DCACCOUNT:chat.example\n' });
  });
});

describe('postern invite', () => {
  it('makes, lists and revokes invites', async () => {
    const made = await postern('invite', 'create', '--uses', '5', '--expires', '7d', '--note', 'the choir', '--json');
    const { id, token, link }: { id: string; token: string; link: string } = JSON.parse(made.out);
    expect(link).toBe(`DCACCOUNT:https://chat.example/new?token=${token}`);
    expect((await postern('invite', 'list')).out).toMatch(
      new RegExp(`^${id}\t0 of 5 used\texpires \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d UTC\tthe choir\n$`),
    );
    expect((await postern('invite', 'list', '--json')).out).not.toContain(token);
    expect((await postern('invite', 'revoke', id)).out).toBe(`${id}: revoked\n`);
    expect(await postern('invite', 'revoke', id)).toMatchObject({
      code: 1,
      err: `postern: there is no invite ${id} to revoke.\n`,
    });
    expect((await postern('invite', 'list')).out).toContain('revoked');
  });

  it.each([
    ['--uses', '0'],
    ['--uses', 'many'],
    ['--expires', 'soon'],
    ['--expires', '0d'],
  ])('does not know what %s %s means', async (option, value) => {
    expect(await postern('invite', 'create', option, value)).toMatchObject({ code: 2 });
    expect((await postern('invite', 'list')).out).toBe('');
  });
});
