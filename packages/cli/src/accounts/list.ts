import type { AccountView } from '@postern/relay';
import type { CommandModule } from 'yargs';
import { type CommonArguments, print, printJson, withAccounts } from './administration.ts';
import { type FilterArguments, filterOf, filterOptions } from './filters.ts';

type ListArguments = CommonArguments &
  FilterArguments & { readonly json?: boolean | undefined; readonly count?: boolean | undefined };

export const listCommand: CommandModule<object, ListArguments> = {
  command: 'list',
  describe: 'list accounts, or count them',
  builder: (yargs) =>
    filterOptions(yargs)
      .option('count', { type: 'boolean', describe: 'only say how many' })
      .option('json', { type: 'boolean', describe: 'one JSON object per line' })
      .example('$0 accounts list --unseen 90 --count', 'how many have not been here for three months'),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const filter = filterOf(args);
      if (args.count === true) {
        const counts = await accounts.count(filter);
        if (args.json === true) printJson(counts);
        else
          print(`${counts.accounts} accounts, ${counts.blocked} of them blocked; ${counts.reserved} kept by invites`);
        return;
      }
      for await (const account of accounts.select(filter)) {
        if (args.json === true) printJson(account);
        else print(lineOf(account));
      }
    }),
};

export const showCommand: CommandModule<
  object,
  CommonArguments & { readonly address: string; readonly json?: boolean | undefined }
> = {
  command: 'show <address>',
  describe: 'show what is known of an account',
  builder: (yargs) =>
    yargs
      .positional('address', { type: 'string', demandOption: true })
      .option('json', { type: 'boolean', describe: 'as a JSON object' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const account = await accounts.find(args.address);
      if (account === undefined) throw new RangeError(`there is no account ${args.address}.`);
      if (args.json === true) printJson(account);
      else print(linesOf(account).join('\n'));
    }),
};

function lineOf(account: AccountView): string {
  const state = account.isReserved === true ? 'reserved' : account.blocked === undefined ? '' : 'blocked';
  const seen =
    [account.lastImap, account.lastSmtp]
      .filter((day) => day !== undefined)
      .sort()
      .at(-1) ?? 'never';
  return `${account.address}\tmade ${account.created}\tseen ${seen}${state === '' ? '' : `\t${state}`}`;
}

function linesOf(account: AccountView): string[] {
  const { blocked } = account;
  return [
    account.address,
    `made             ${account.created}`,
    `last by IMAP     ${account.lastImap ?? 'never'}`,
    `last by SMTP     ${account.lastSmtp ?? 'never'}`,
    ...(blocked === undefined
      ? []
      : [`blocked since    ${blocked.since}${blocked.reason === undefined ? '' : `: ${blocked.reason}`}`]),
    ...(account.isReserved === true ? ['kept by an invite; nobody has logged in yet'] : []),
  ];
}
