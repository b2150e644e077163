import { ConfigError, SetupError } from '@postern/relay/running';
import yargs, { type Argv } from 'yargs';

/**
 * The commands, by their first word. Each is loaded only when it is asked for: a service that runs for months shares
 * its command line with tools that draw posters.
 */
const commands: Readonly<Record<string, (parser: Argv) => Promise<Argv>>> = {
  invite: async (parser) => {
    const { inviteCommand } = await import('./invite/command.ts');
    const { withInviteTokens } = await import('./invite-tokens/commands.ts');
    return parser.command(withInviteTokens(inviteCommand));
  },
  accounts: async (parser) => parser.command((await import('./accounts/command.ts')).accountsCommand),
  registration: async (parser) => parser.command((await import('./registration/command.ts')).registrationCommand),
  restore: async (parser) => parser.command((await import('./registration/restore.ts')).restoreCommand),
  expire: async (parser) => parser.command((await import('./expiry/command.ts')).expireCommand),
  policy: async (parser) => parser.command((await import('./policy/command.ts')).policyCommand),
  check: async (parser) => parser.command((await import('./check/command.ts')).checkCommand),
  bench: async (parser) => parser.command((await import('./bench/command.ts')).benchCommand),
  echobot: async (parser) => parser.command((await import('./echobot/command.ts')).echobotCommand),
  config: async (parser) => parser.command((await import('./config.ts')).configCommand),
  dns: async (parser) => parser.command((await import('./dns/command.ts')).dnsCommand),
  health: async (parser) => parser.command((await import('./health.ts')).healthCommand),
  prepare: async (parser) => parser.command((await import('./services.ts')).prepareCommand),
  supervise: async (parser) => parser.command((await import('./services.ts')).superviseCommand),
  serve: async (parser) => parser.command((await import('./services.ts')).serveCommand),
};

/** The command line of a relay: one definition gives parser, help and types. */
export async function commandLine(args: readonly string[]): Promise<Argv> {
  const parser = yargs(args)
    .scriptName('postern')
    .usage('$0 COMMAND\n\nRuns a chatmail relay on Postfix and Dovecot.')
    .option('config', {
      type: 'string',
      describe: 'the configuration file (POSTERN_CONFIG, else /etc/postern/postern.toml)',
      global: true,
    })
    .demandCommand(1, 'Which command? The list is above.')
    .strict()
    .version(false)
    .wrap(100);
  const [first = ''] = args;
  for (const name of Object.hasOwn(commands, first) ? [first] : Object.keys(commands)) await commands[name]?.(parser);
  return parser;
}

/** @returns the exit code: 0 done, 1 not done, 2 wrong words. Errors for people go to standard error without a stack. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let wrongWords = false;
  try {
    const parser = await commandLine(args);
    await parser
      .exitProcess(false)
      .fail((message, error, parser) => {
        // What a command's check of its words returns comes as the error, too, and is a string.
        if (error instanceof Error) throw error;
        wrongWords = true;
        parser.showHelp('error');
        throw new UsageError(message);
      })
      .parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (wrongWords || error instanceof ConfigError || error instanceof SetupError) {
      process.stderr.write(`\npostern: ${error instanceof Error ? error.message : String(error)}\n`);
      return wrongWords ? 2 : 1;
    }
    throw error;
  }
}

class UsageError extends Error {
  override readonly name = 'UsageError';
}
