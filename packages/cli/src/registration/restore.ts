import type { Administration } from '@postern/relay';
import type { CommandModule } from 'yargs';
import { type CommonArguments, print, withAccounts } from '../accounts/administration.ts';
import { confirm } from '../accounts/confirm.ts';

const steps = ['begin', 'end', 'new-secret'] as const;

type RestoreArguments = CommonArguments & { readonly step: (typeof steps)[number]; readonly yes?: boolean | undefined };

/** `postern restore`: while a backup is put back nobody can take an address that is about to have its owner again. */
export const restoreCommand: CommandModule<object, RestoreArguments> = {
  command: 'restore <step>',
  describe: 'create no accounts while a backup is being put back; go on without the old secret.key',
  builder: (yargs) =>
    yargs
      .positional('step', { choices: steps, demandOption: true })
      .option('yes', { type: 'boolean', alias: 'y', describe: 'do not ask' }),
  handler: (args) => {
    switch (args.step) {
      case 'begin':
        return withAccounts(args, (accounts) =>
          switchRestoring(
            accounts,
            true,
            'No accounts are created until "postern restore end". Who has one can log in.',
          ),
        );
      case 'end':
        return withAccounts(args, (accounts) =>
          switchRestoring(accounts, false, 'Accounts are created again, as "postern registration" says.'),
        );
      case 'new-secret':
        return takeNewSecret(args);
    }
  },
};

async function switchRestoring(accounts: Administration, isRestoring: boolean, words: string): Promise<void> {
  await accounts.switchRestoring(isRestoring);
  print(words);
}

async function takeNewSecret(args: RestoreArguments): Promise<void> {
  const question = 'Use the secret.key that is there? The addresses of deleted accounts can then be taken by anybody.';
  if (!(await confirm(question, args))) return;
  const done = 'The secret is taken. Restart the relay.';
  await withAccounts(args, async () => print(done), { takesNewSecret: true });
}
