import { ConfigError, SetupError } from '@postern/relay';
import yargs, { type Argv } from 'yargs';
import { accountsCommand } from './accounts/command.ts';
import { benchCommand } from './bench/command.ts';
import { configCommand } from './config.ts';
import { healthCommand } from './health.ts';
import { inviteCommand } from './invite/command.ts';
import { withInviteTokens } from './invite-tokens/commands.ts';
import { registrationCommand } from './registration/command.ts';
import { restoreCommand } from './registration/restore.ts';
import { prepareCommand, serveCommand, superviseCommand } from './services.ts';

/** The command line of a relay: one definition gives parser, help and types. */
export function commandLine(args: readonly string[]): Argv {
  return yargs(args)
    .scriptName('postern')
    .usage('$0 COMMAND\n\nRuns a chatmail relay on Postfix and Dovecot.')
    .option('config', {
      type: 'string',
      describe: 'the configuration file (POSTERN_CONFIG, else /etc/postern/postern.toml)',
      global: true,
    })
    .command(withInviteTokens(inviteCommand))
    .command(accountsCommand)
    .command(registrationCommand)
    .command(restoreCommand)
    .command(benchCommand)
    .command(configCommand)
    .command(healthCommand)
    .command(prepareCommand)
    .command(superviseCommand)
    .command(serveCommand)
    .demandCommand(1, 'Which command? The list is above.')
    .strict()
    .version(false)
    .wrap(100);
}

/** @returns the exit code: 0 done, 1 not done, 2 wrong words. Errors for people go to standard error without a stack. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  let wrongWords = false;
  try {
    await commandLine(args)
      .exitProcess(false)
      .fail((message, error, parser) => {
        if (error !== undefined) throw error;
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
