import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plain } from '../../src/dovecot-auth/dialogue.ts';
import { hosts, MailHost } from '../../src/dovecot-auth/mail-host.ts';

const password = 'Correct-Horse-1';

/**
 * What decided for the auth protocol as the relay's own door: nobody notices a restart of Dovecot or of the backend,
 * as long as somebody holds the listening sockets open (systemd, or `hold-sockets` in a container).
 */
describe.each(hosts)('the auth protocol door under Dovecot $version', ({ suite, version }) => {
  let host: MailHost;

  beforeAll(async () => {
    host = await MailHost.start({ suite, version });
    await host.useDoor('auth-protocol', { held: true });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const login = async (user: string): Promise<string> => {
    using imap = await host.imap();
    return await imap.say(`AUTHENTICATE PLAIN ${plain(user, password)}`);
  };

  it('lets everybody in who comes at once right after a restart of Dovecot', async () => {
    await host.run('dovecot stop; dovecot');
    const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => login(`cold${n}@example.org`)));
    expect(answers.filter((answer) => !answer.startsWith('OK '))).toEqual([]);
  });

  it('lets clients wait that come while the backend restarts', async () => {
    await host.pauseBackend();
    const waiting = Array.from({ length: 10 }, (_, n) => login(`waiting${n}@example.org`));
    const mail = (async () => {
      using lmtp = await host.lmtp();
      await lmtp.say('LHLO client.example');
      await lmtp.say('MAIL FROM:<>');
      return await lmtp.say('RCPT TO:<cold0@example.org>');
    })();
    const submission = (async () => {
      using smtp = await host.submission();
      await smtp.say('EHLO client.example');
      return await smtp.say(`AUTH PLAIN ${plain('cold0@example.org', password)}`);
    })();
    await host.connectionsWait();
    await host.resumeBackend();
    expect((await Promise.all(waiting)).filter((answer) => !answer.startsWith('OK '))).toEqual([]);
    expect(await mail).toMatch(/^250 /);
    expect(await submission).toMatch(/^235 /);
  });

  it('serves a client that stays connected to a login process over a restart of the backend', async () => {
    using imap = await host.imap();
    await host.restartBackend();
    expect(await imap.say(`AUTHENTICATE PLAIN ${plain('cold1@example.org', password)}`)).toMatch(/^OK /);
  });

  it('is not needed to wake up a hibernated client', async () => {
    using imap = await host.imap();
    await imap.say(`AUTHENTICATE PLAIN ${plain('cold2@example.org', password)}`);
    await imap.say('SELECT INBOX');
    expect(await imap.say('IDLE')).toMatch(/^\+ /);
    await host.hibernated();
    await host.pauseBackend();
    expect(await imap.finish('DONE')).toMatch(/^OK /);
    expect(await imap.say('NOOP')).toMatch(/^OK /);
    await host.resumeBackend();
  });

  it('has left nothing in the logs that begins with Fatal or Panic', async () => {
    const logs = await host.logs();
    expect(logs.split('\n').filter((line) => /\b(?:Panic|Fatal):|assert/.test(line))).toEqual([]);
  });
});
