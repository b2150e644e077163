import { isatty } from 'node:tty';
import { InviteError } from '@postern/invite';
import { loadConfig, operatorInvite, registrationNow, StoreError, webSettings } from '@postern/relay';
import type { Argv, CommandModule } from 'yargs';
import { InviteFileError, showInvite, type InviteOutputs, type Terminal } from './outputs.ts';

interface InviteArguments extends InviteOutputs {
  readonly config?: string | undefined;
  readonly token?: string | undefined;
}

/** `postern invite`: the code that lets people in, for the terminal, for the web and for paper. */
export const inviteCommand: CommandModule<object, InviteArguments> = {
  command: 'invite',
  describe: 'show the code and the link that let people in; write them to files, or as a poster',
  builder: (yargs) =>
    inviteOutputs(yargs)
      .option('token', {
        type: 'string',
        requiresArg: true,
        describe: 'an invitation made before, for a relay where sign-up is by invitation',
      })
      .example('$0 invite --poster poster.pdf --language de', 'a poster to print, in German'),
  handler: async (args) => {
    try {
      const config = loadConfig(args.config);
      const registration = await registrationNow(config);
      if (registration === 'closed') {
        return refuse('sign-up is closed, so no code would let anybody in. To open it: postern registration open');
      }
      if (registration === 'invite' && args.token === undefined) {
        return refuse(
          'sign-up is by invitation: make one with "postern invite create", or show one with --token. To open it: postern registration open',
        );
      }
      const settings = webSettings(config);
      await showInvite(settings, operatorInvite(settings, args.token), { outputs: args, terminal: thisTerminal() });
    } catch (error) {
      const isOurs = [InviteFileError, InviteError, StoreError, RangeError].some((kind) => error instanceof kind);
      if (!(error instanceof Error && isOurs)) throw error;
      refuse(error.message);
    }
  },
};

/** The options that say where an invite goes; the same wherever one is made. */
export function inviteOutputs<T>(yargs: Argv<T>): Argv<T & InviteOutputs> {
  return yargs
    .option('svg', { type: 'string', requiresArg: true, describe: 'write the code to this file, as SVG' })
    .option('png', { type: 'string', requiresArg: true, describe: 'write the code to this file, as PNG' })
    .option('poster', { type: 'string', requiresArg: true, describe: 'write an A4 poster to this file, .pdf or .svg' })
    .option('language', {
      type: 'string',
      default: 'en',
      requiresArg: true,
      describe: "the poster's language, like de",
    })
    .option('link', { type: 'boolean', describe: 'print nothing but the link' });
}

export function thisTerminal(): Terminal {
  const { stdout } = process;
  const isTty = isatty(1); // stdout.isTTY is undefined, not false, where it is none
  return {
    write: (text) => void stdout.write(text),
    columns: isTty && stdout.columns > 0 ? stdout.columns : undefined, // 0 where a terminal does not know
    hasColour: isTty && stdout.hasColors(256) && process.env['NO_COLOR'] === undefined,
  };
}

function refuse(reason: string): void {
  process.stderr.write(`postern: ${reason}\n`);
  process.exitCode = 1;
}
