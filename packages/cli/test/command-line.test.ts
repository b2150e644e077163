import { describe, expect, it } from 'vitest';
import { postern } from './postern.ts';

describe('postern', () => {
  it('lists its commands', async () => {
    const { code, stdout } = await postern(['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatchInlineSnapshot(`
      "postern COMMAND

      Runs a chatmail relay on Postfix and Dovecot.

      Commands:
        postern invite                show the code and the link that let people in; write them to files,
                                      or as a poster
        postern accounts              list, show, block, delete, export and import accounts
        postern registration [mode]   say or switch who may create an account, at once
        postern restore <step>        create no accounts while a backup is being put back; go on without
                                      the old secret.key
        postern expire [addresses..]  remove mail that is too old or takes too much room, and accounts
                                      nobody uses
        postern policy                say which mail is accepted and which is refused
        postern check [files..]       see whether messages are end-to-end encrypted, and why not; or try a
                                      relay with the corpus of tricks
        postern bench                 measure a relay, or the way between two, with real Delta Chat
                                      clients
        postern echobot               run a bot that says everything back, so that people can try whether
                                      the relay works
        postern config                check the configuration and show what it comes to
        postern dns                   print the DNS records that the relay needs
        postern health                see whether IMAP, submission and the web page answer
        postern prepare               make folders, certificate and the configuration of Postfix and
                                      Dovecot
        postern supervise             run Postfix, Dovecot and all services of the relay until stopped
        postern serve <service>       run one service of the relay until stopped

      Options:
        --help    Show help                                                                      [boolean]
        --config  the configuration file (POSTERN_CONFIG, else /etc/postern/postern.toml)         [string]
      "
    `);
  });

  it.each([
    ['nothing', [], 'Which command?'],
    ['a command that does not exist', ['acounts'], 'Unknown argument: acounts'],
    ['a service that does not exist', ['serve', 'mail'], 'Invalid values'],
    ['an option that does not exist', ['health', '--quick'], 'Unknown argument: quick'],
    ['no rounds at all', ['bench', '--relay', 'a.example', '--rounds', '0'], '--rounds is a whole number above 0'],
  ])('exits with 2 and says why for %s', async (_, args, message) => {
    const { code, stderr } = await postern(args);
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it('exits with 1 and names the configuration file that is not there', async () => {
    const { code, stderr } = await postern(['config', '--config', '/nowhere/postern.toml']);
    expect(stderr).toBe(
      '\npostern: /nowhere/postern.toml: cannot be read: there is no such file. Create it with at least one line, domain = "chat.example.org", or name another with --config.\n',
    );
    expect(code).toBe(1);
  });
});
