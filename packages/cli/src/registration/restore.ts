import type { CommandModule } from 'yargs';
import { type CommonArguments, print, withAccounts } from '../accounts/administration.ts';

/** `postern restore`: while a backup is put back nobody can take an address that is about to have its owner again. */
export const restoreCommand: CommandModule<object, CommonArguments & { readonly step: 'begin' | 'end' }> = {
  command: 'restore <step>',
  describe: 'create no accounts while a backup is being put back',
  builder: (yargs) => yargs.positional('step', { choices: ['begin', 'end'] as const, demandOption: true }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      await accounts.switchRestoring(args.step === 'begin');
      print(
        args.step === 'begin'
          ? 'No accounts are created until "postern restore end". Who has one can log in.'
          : 'Accounts are created again, as "postern registration" says.',
      );
    }),
};
