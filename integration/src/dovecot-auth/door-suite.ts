import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain } from './dialogue.ts';
import { type DebianHost, type Door, MailHost } from './mail-host.ts';

const right = 'Correct-Horse-1';
const wrong = 'Wrong-Horse-22';
const short = 'Short-1';

/** Accounts that are there from the start. */
const existing = 100_000;

/** What each door, by its nature, cannot carry. Everything else holds for all of them. */
const traits: Record<Exclude<Door, 'static'>, { reasons: boolean; control: boolean; long: boolean }> = {
  'auth-protocol': { reasons: true, control: true, long: true },
  dict: { reasons: true, control: false, long: true },
  'lua-http': { reasons: true, control: false, long: true },
  checkpassword: { reasons: false, control: false, long: false },
};

const passwords: { name: string; password: string | Uint8Array; kind?: 'control' | 'long' }[] = [
  { name: 'quotes', password: `"double" 'single' \`back\`` },
  { name: 'backslashes', password: 'back\\slash\\\\twice\\' },
  { name: 'percents, slashes and dollars', password: '%u%%w/../a$b$c {PLAIN}x' },
  { name: 'UTF-8', password: 'pässwörd-ключ-🔑' },
  { name: 'bytes that are not UTF-8', password: Uint8Array.from(Buffer.from('p\xe4ss-w\xf6rd-\xff', 'latin1')) },
  { name: 'spaces at both ends', password: '  two spaces  ' },
  { name: 'a tab', password: 'with\ta tab inside', kind: 'control' },
  { name: '0x01', password: 'with\x01one\x01t inside', kind: 'control' },
  { name: 'CR and LF', password: 'line one\r\nline two', kind: 'control' },
  { name: '1,024 characters', password: 'x1'.repeat(512), kind: 'long' },
  { name: '1,024 characters of UTF-8', password: 'ключ'.repeat(256), kind: 'long' },
];

/** All that a door promises, through the Dovecot and the Postfix of one Debian. */
export function describeDoor(door: Exclude<Door, 'static'>, debian: DebianHost): void {
  const trait = traits[door];
  describe(`the ${door} door of Dovecot ${debian.version}, Debian ${debian.suite}`, () => {
    let host: MailHost;

    beforeAll(async () => {
      host = await MailHost.start(debian);
      await host.useDoor(door, { existing });
    });
    afterAll(() => host[Symbol.asyncDispose]());

    const imapLogin = async (user: string, password: string | Uint8Array): Promise<string> => {
      using imap = await host.imap();
      return await imap.say(`AUTHENTICATE PLAIN ${plain(user, password)}`);
    };
    const smtpLogin = async (user: string, password: string | Uint8Array): Promise<string> => {
      using smtp = await host.submission();
      await smtp.say('EHLO client.example');
      return await smtp.say(`AUTH PLAIN ${plain(user, password)}`);
    };
    const recipient = async (address: string): Promise<string> => {
      using lmtp = await host.lmtp();
      await lmtp.say('LHLO client.example');
      await lmtp.say('MAIL FROM:<>');
      return await lmtp.say(`RCPT TO:<${address}>`);
    };

    it.concurrent('creates an account at the first login by IMAP', async () => {
      expect(await recipient('alice@example.org')).toMatch(/^550 /);
      using imap = await host.imap();
      expect(await imap.say(`LOGIN Alice@Example.org "${right}"`)).toMatch(/^OK /);
      expect(await imap.say('SELECT INBOX')).toMatch(/^OK /);
      expect(await recipient('alice@example.org')).toMatch(/^250 /);
    });

    it.concurrent('creates an account at the first login by SMTP', async () => {
      expect(await smtpLogin('bob@example.org', right)).toMatch(/^235 /);
      expect(await smtpLogin('bob@example.org', right)).toMatch(/^235 /);
      expect(await imapLogin('bob@example.org', right)).toMatch(/^OK /);
    });

    it.concurrent('takes the two-step LOGIN of SMTP', async () => {
      using smtp = await host.submission();
      await smtp.say('EHLO client.example');
      expect(await smtp.say('AUTH LOGIN')).toBe('334 VXNlcm5hbWU6');
      expect(await smtp.say(Buffer.from('lotte@example.org').toString('base64'))).toBe('334 UGFzc3dvcmQ6');
      expect(await smtp.say(Buffer.from(right).toString('base64'))).toMatch(/^235 /);
    });

    it.concurrent('refuses a wrong password', async () => {
      await imapLogin('carol@example.org', right);
      expect(await imapLogin('carol@example.org', wrong)).toMatch(/^NO \[AUTHENTICATIONFAILED\]/);
      expect(await smtpLogin('carol@example.org', wrong)).toMatch(/^535 5\.7\.8 /);
    });

    it.concurrent('keeps a blocked account out, and says why where it can', async () => {
      const [imap, smtp] = [
        await imapLogin('blocked@example.org', right),
        await smtpLogin('blocked@example.org', right),
      ];
      expect(imap).toMatch(trait.reasons ? /^NO \[ALERT\] This account is blocked/ : /^NO \[AUTHENTICATIONFAILED\]/);
      expect(smtp).toMatch(trait.reasons ? /^535 .*This account is blocked/ : /^535 /);
    });

    it.concurrent('shows the reason of a refusal where it can', async () => {
      const [imap, smtp] = [await imapLogin('dora@example.org', short), await smtpLogin('dora@example.org', short)];
      expect(imap).toMatch(
        trait.reasons ? /^NO \[ALERT\] The password needs at least 9 / : /^NO \[AUTHENTICATIONFAILED\]/,
      );
      expect(smtp).toMatch(trait.reasons ? /^535 .*The password needs at least 9 / : /^535 /);
      expect(await recipient('dora@example.org')).toMatch(/^550 /);
    });

    it.concurrent('turns a failure of ours into a temporary one', async () => {
      expect(await imapLogin('broken@example.org', right)).toMatch(/^NO \[UNAVAILABLE\]/);
      // Postfix knows no temporary SASL failure.
      expect(await smtpLogin('broken@example.org', right)).toMatch(/^[45]\d\d /);
    });

    it.concurrent('never bounces mail because of a failure of ours', async () => {
      expect(await recipient('broken@example.org')).toMatch(/^451 /);
      expect(await recipient('nobody@example.org')).toMatch(/^550 /);
    });

    it.concurrent('tells doveadm of known users, and keeps unknown ones and failures apart', async () => {
      await imapLogin('emil@example.org', right);
      expect(await host.run('doveadm user emil@example.org')).toMatch(/home\s+\/var\/mail\/v\/emil@example\.org/);
      expect((await host.try('doveadm user nobody@example.org')).exitCode).toBe(67); // EX_NOUSER
      expect((await host.try('doveadm user broken@example.org')).exitCode).toBe(75); // EX_TEMPFAIL
    });

    it.concurrent('lists the users that match a mask', async () => {
      await imapLogin('emil@example.org', right);
      const { output, exitCode } = await host.try("doveadm user 'em?l@*' 2>/dev/null");
      expect([output, exitCode]).toEqual(['emil@example.org\n', 0]);
    });

    it.concurrent('lets nobody in, and creates nobody, for a lookup without a password', async () => {
      await host.try('doveadm auth lookup franz@example.org');
      expect(await recipient('franz@example.org')).toMatch(/^550 /);
      await imapLogin('emil@example.org', right);
      await host.try('doveadm auth lookup emil@example.org');
      expect(await imapLogin('emil@example.org', wrong)).toMatch(/^NO \[AUTHENTICATIONFAILED\]/);
    });

    it.concurrent.each(passwords)(
      'takes a password with $name byte for byte, or refuses it',
      async ({ name, password, kind }) => {
        const user = `pw${passwords.findIndex((one) => one.name === name)}@example.org`;
        // Dovecot's own auth process takes no control characters, its checkpassword at most 512 bytes.
        const isTaken = kind === undefined || trait[kind];
        expect(await imapLogin(user, password)).toMatch(isTaken ? /^OK / : /^NO /);
        expect(await recipient(user)).toMatch(isTaken ? /^250 / : /^550 /);
        const changed = Uint8Array.from(Buffer.from(password));
        changed[changed.length - 2] = 0x21;
        expect(await imapLogin(user, changed)).toMatch(/^NO /);
        expect(await imapLogin(user, password)).toMatch(isTaken ? /^OK / : /^NO /);
      },
    );

    it.concurrent('does not answer for names that cannot exist', async () => {
      for (const user of [
        '../../etc/passwd',
        'a b@example.org',
        'a*@example.org',
        "o'neil@example.org",
        'ä@example.org',
      ]) {
        expect(await imapLogin(user, right)).toMatch(/^NO /);
      }
    });

    it('has written no password into any log, at the highest level', async () => {
      const logs = await host.logs();
      const typed = [right, wrong, short, ...passwords.map(({ password }) => password)];
      const spellings = typed.flatMap((password) => {
        const bytes = Buffer.from(password);
        // Base64 without its end, which depends on what follows; in a SASL message it starts at any of three places.
        const base64 = [0, 1, 2].map((skipped) =>
          bytes
            .subarray(skipped)
            .toString('base64')
            .replace(/.{1,4}$/, ''),
        );
        return [bytes.toString('utf8'), bytes.toString('latin1'), bytes.toString('hex'), ...base64];
      });
      expect(logs).toContain('ready');
      expect(spellings.filter((spelling) => logs.includes(spelling))).toEqual([]);
    });

    it(`lists ${existing} accounts for doveadm user '*', however slowly it is read`, async () => {
      const { output } = await host.try(
        "doveadm user '*' 2>/dev/null | (sleep 1; grep many.example) | sort -u | wc -l",
      );
      expect(output).toBe(`${existing}\n`);
    });
  });
}

/** What no door can change: Dovecot looks at a password before it asks anybody. */
export function describeWithoutDoor(debian: DebianHost): void {
  describe(`Dovecot ${debian.version} that asks nobody, and lets everybody in`, () => {
    let host: MailHost;
    beforeAll(async () => {
      host = await MailHost.start(debian);
      await host.useDoor('static');
    });
    afterAll(() => host[Symbol.asyncDispose]());

    it.concurrent.each(passwords)(
      'takes a password with $name, unless it has control characters',
      async ({ password, kind }) => {
        using imap = await host.imap();
        const answer = await imap.say(`AUTHENTICATE PLAIN ${plain('anybody@example.org', password)}`);
        expect(answer).toMatch(kind === 'control' ? /^NO \[AUTHENTICATIONFAILED\]/ : /^OK /);
      },
    );
  });
}
