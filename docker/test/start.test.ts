import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDataFolder, checkPorts } from '../src/machine-checks.ts';
import { readStartOptions } from '../src/start-options.ts';

let data: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'postern-start-'));
});

afterAll(async () => {
  await rm(data, { recursive: true });
});

describe('npm start', () => {
  it('explains itself', async () => {
    const start = join(import.meta.dirname, '../src/start.ts');
    const help = await new Promise<string>((resolve) =>
      execFile('node', ['--conditions=@postern/source', start, '--help'], (_error, stdout) => resolve(stdout)),
    );
    expect(help.replace(/"\/[^"]*"/, '"DATA"')).toMatchInlineSnapshot(`
      "Starts a relay on this machine: Postfix, Dovecot and Postern in one container.

      npm start -- [options]

      Options:
        --help             Show help                                                             [boolean]
        --domain           domain of the addresses (_postern.test needs no DNS and no certificate)[string]
        --data             folder for accounts, mail and configuration
                                                                    [string] [default: "DATA"]
        --host             name or address under which clients reach this machine                 [string]
        --smtp-port        port for mail from other servers (25)                                  [number]
        --imap-port        port for reading mail, IMAP over TLS (993)                             [number]
        --submission-port  port for sending mail, SMTP over TLS (465)                             [number]
        --web-port         port of the web page (443)                                             [number]
        --debian           Debian release inside the container       [choices: "12", "13"] [default: "13"]
      "
    `);
  });

  it('needs nothing but its defaults', async () => {
    expect(await readStartOptions(['--data', data])).toEqual({
      domain: '_postern.test',
      data,
      host: undefined,
      ports: { smtp: 25, imap: 993, submission: 465, web: 443 },
      suite: 'trixie',
    });
  });

  it.each([
    ['a bad domain', ['--domain', 'chat'], /^--domain chat: not a domain\. Write a name like chat\.example\.org/],
    ['a bad port', ['--web-port', '70000'], /^--web-port 70000: a port is a whole number from 1 to 65535/],
    ['a mistyped option', ['--prot', '1'], /^Unknown argument: prot\. See npm start -- --help/],
    ['another Debian', ['--debian', '11'], /Invalid values/],
  ])('refuses %s and says what to do', async (_, args, message) => {
    await expect(readStartOptions(['--data', data, ...args])).rejects.toThrow(message);
  });

  it('takes what it left open from the data folder, and does not let a folder change its domain', async () => {
    const folder = await mkdtemp(join(data, 'kept-'));
    await writeFile(join(folder, 'postern.toml'), 'domain = "_kept.test"\nreachable.web_port = 8443\n');
    const options = await readStartOptions(['--data', folder]);
    expect(options).toMatchObject({ domain: '_kept.test', ports: { web: 8443, imap: 993 } });
    await expect(readStartOptions(['--data', folder, '--domain', '_other.test'])).rejects.toThrow(
      /belongs to _kept\.test\. Leave --domain out, or name another folder with --data/,
    );
  });

  it('names the port that is taken, and the option for another', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      }),
    );
    try {
      await expect(checkPorts({ smtp: 0, imap: port, submission: 1, web: 2 })).rejects.toThrow(
        new RegExp(`^Port ${port} is taken by another program .* choose another port with --imap-port\\.$`),
      );
    } finally {
      server.close();
    }
    await expect(checkPorts({ smtp: 25, imap: 25, submission: 1, web: 2 })).rejects.toThrow(/^Port 25 was given twice/);
  });

  it('names the data folder that cannot be used', async () => {
    await writeFile(join(data, 'a-file'), '');
    await expect(checkDataFolder(join(data, 'a-file/below'))).rejects.toThrow(
      /^--data .*a-file\/below: this folder cannot be used: .* Name one that you may write to with --data DIR\.$/,
    );
    // A file system of its own with next to nothing free.
    await expect(checkDataFolder('/sys/kernel')).rejects.toThrow(/--data \/sys\/kernel: /);
  });
});
