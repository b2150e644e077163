import type { Administration } from '@postern/relay';
import type { CommandModule } from 'yargs';
import { type CommonArguments, print, withAccounts, WrongWords } from './administration.ts';
import { confirm } from './confirm.ts';
import { type FilterArguments, filterOf, filterOptions } from './filters.ts';
import { progress } from './progress.ts';

type DeleteArguments = CommonArguments &
  FilterArguments & {
    readonly addresses?: string[] | undefined;
    readonly keepMail?: boolean | undefined;
    readonly yes?: boolean | undefined;
  };

/** Deletes accounts with their mail. Who had one cannot come back under the same address, and nobody else can either. */
export const deleteCommand: CommandModule<object, DeleteArguments> = {
  command: 'delete [addresses..]',
  describe: 'delete accounts and their mail; the addresses stay taken for a year',
  builder: (yargs) =>
    filterOptions(yargs)
      .positional('addresses', { type: 'string', array: true })
      .option('keep-mail', { type: 'boolean', describe: 'leave the mail on the disk' })
      .option('yes', { type: 'boolean', alias: 'y', describe: 'do not ask' })
      .example('$0 accounts delete --unseen 365', 'who has not been here for a year'),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const addresses = await chosen(accounts, args);
      if (addresses.length === 0) {
        print('No such account.');
        return;
      }
      const names = addresses.length <= 5 ? addresses.join(', ') : `${addresses.length} accounts`;
      const mail = args.keepMail === true ? '' : ' and all their mail';
      if (!(await confirm(`Delete ${names}${mail}?`, args))) return;
      const shown = progress('deleted');
      let deleted = 0;
      for (const address of addresses) {
        if (await accounts.remove(address, { keepMail: args.keepMail === true })) deleted += 1;
        shown.report(deleted);
      }
      shown.end();
      print(`${deleted} of ${addresses.length} deleted.`);
      if (deleted < addresses.length && args.addresses !== undefined) process.exitCode = 1;
    }),
};

/** Either the named ones or those that a filter chooses: never all of them by accident. */
async function chosen(accounts: Administration, args: DeleteArguments): Promise<string[]> {
  const filter = filterOf(args);
  const hasFilter = Object.keys(filter).length > 0;
  if (args.addresses !== undefined && args.addresses.length > 0) {
    if (hasFilter) throw new WrongWords('name addresses, or choose them with options, but not both.');
    return args.addresses;
  }
  if (!hasFilter) throw new WrongWords('which accounts? Name them, or choose them with options like --unseen 365.');
  const addresses: string[] = [];
  for await (const { address } of accounts.select(filter)) addresses.push(address);
  return addresses;
}
