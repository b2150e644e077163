import type { CommandModule } from 'yargs';
import { type CommonArguments, print, withAccounts } from './administration.ts';

type BlockArguments = CommonArguments & { readonly addresses: string[]; readonly reason?: string | undefined };

export const blockCommand: CommandModule<object, BlockArguments> = {
  command: 'block <addresses..>',
  describe: 'let nobody log in to these accounts or send from them; mail still arrives',
  builder: (yargs) =>
    yargs
      .positional('addresses', { type: 'string', array: true, demandOption: true })
      .option('reason', { type: 'string', requiresArg: true, describe: 'what the person is told' }),
  handler: (args) => change(args, 'blocked', (accounts, address) => accounts.block(address, args.reason ?? null)),
};

export const unblockCommand: CommandModule<object, CommonArguments & { readonly addresses: string[] }> = {
  command: 'unblock <addresses..>',
  describe: 'let people log in again',
  builder: (yargs) => yargs.positional('addresses', { type: 'string', array: true, demandOption: true }),
  handler: (args) => change(args, 'unblocked', (accounts, address) => accounts.unblock(address)),
};

async function change(
  args: CommonArguments & { readonly addresses: readonly string[] },
  done: string,
  apply: (accounts: Parameters<Parameters<typeof withAccounts>[1]>[0], address: string) => Promise<boolean>,
): Promise<void> {
  await withAccounts(args, async (accounts) => {
    const unknown: string[] = [];
    for (const address of args.addresses) {
      if (await apply(accounts, address)) print(`${address}: ${done}`);
      else unknown.push(address);
    }
    if (unknown.length > 0) throw new RangeError(`there is no account ${unknown.join(', ')}.`);
  });
}
