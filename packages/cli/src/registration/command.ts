import type { CommandModule } from 'yargs';
import { type CommonArguments, print, printJson, withAccounts } from '../accounts/administration.ts';

const sentences = {
  open: 'Everybody can create an account.',
  invite: 'Only who has an invite can create an account.',
  closed: 'Nobody can create an account.',
} as const;

/** What an operator types, and what it switches to; `reset` goes back to the configuration. */
const modes = { open: 'open', invite: 'invite', close: 'closed', reset: undefined } as const;

type RegistrationArguments = CommonArguments & {
  readonly mode?: keyof typeof modes | undefined;
  readonly json?: boolean | undefined;
};

/** `postern registration`: who may create an account from now on. No restart is needed. */
export const registrationCommand: CommandModule<object, RegistrationArguments> = {
  command: 'registration [mode]',
  describe: 'say or switch who may create an account, at once',
  builder: (yargs) =>
    yargs
      .positional('mode', {
        choices: ['open', 'invite', 'close', 'reset'] as const,
        describe: 'without it nothing changes; reset goes back to the configuration',
      })
      .option('json', { type: 'boolean', describe: 'as a JSON object' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      if (args.mode !== undefined) await accounts.switchRegistration(modes[args.mode]);
      const status = await accounts.registration();
      if (args.json === true) return printJson(status);
      const source = status.isSwitched ? 'switched by hand' : 'as the configuration says';
      print(`${sentences[status.mode]} (${source})`);
      if (status.isRestoring) print('A restore is under way: no accounts are created until "postern restore end".');
    }),
};
