import { loadConfig, operatorInvite, webSettings } from '@postern/relay';
import type { CommandModule } from 'yargs';
import { type CommonArguments, print, printJson, withAccounts, WrongWords } from '../accounts/administration.ts';
import { inviteOutputs, thisTerminal } from '../invite/command.ts';
import { type InviteOutputs, showInvite } from '../invite/outputs.ts';
import { parseDuration } from './duration.ts';

/** Adds `create`, `list` and `revoke` below `postern invite`, which otherwise stays as it is. */
export function withInviteTokens<T>(invite: CommandModule<object, T>): CommandModule<object, T> {
  const { builder } = invite;
  if (typeof builder !== 'function') throw new TypeError('the command invite builds its options with a function');
  return {
    ...invite,
    builder: async (yargs) => {
      const built = await builder(yargs);
      return built.command(createInviteCommand).command(listInvitesCommand).command(revokeInviteCommand);
    },
  };
}

type CreateArguments = CommonArguments &
  InviteOutputs & {
    readonly uses: number;
    readonly expires: string;
    readonly note?: string | undefined;
    readonly json?: boolean | undefined;
  };

/** `postern invite create`: a link that makes so many accounts and no more. */
const createInviteCommand: CommandModule<object, CreateArguments> = {
  command: 'create',
  describe: 'make an invite for one or several accounts, also while registration is by invite only',
  builder: (yargs) =>
    inviteOutputs(yargs)
      .option('uses', { type: 'number', default: 1, requiresArg: true, describe: 'how many accounts it makes' })
      .option('expires', { type: 'string', default: '7d', requiresArg: true, describe: '90m, 12h, 7d, 2w or never' })
      .option('note', { type: 'string', requiresArg: true, describe: 'what it is for, for the list' })
      .option('json', { type: 'boolean', describe: 'id, link and token as a JSON object' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      const settings = webSettings(loadConfig(args.config));
      const seconds = args.expires === 'never' ? undefined : parseDuration(args.expires);
      if (seconds === undefined && args.expires !== 'never') {
        throw new WrongWords('--expires is 90m, 12h, 7d, 2w or never.');
      }
      if (!Number.isInteger(args.uses) || args.uses < 1 || args.uses > 1_000_000) {
        throw new WrongWords('--uses is a number of accounts, from 1 to 1000000.');
      }
      const { id, token } = await accounts.createInvite({
        maxUses: args.uses,
        expiresAt: seconds === undefined ? null : Math.floor(Date.now() / 1_000) + seconds,
        note: args.note ?? null,
      });
      const invite = operatorInvite(settings, token);
      if (args.json === true) return printJson({ id, token, link: invite.link });
      await showInvite(settings, invite, { outputs: args, terminal: thisTerminal() });
      if (args.link !== true) print(`It makes ${args.uses} accounts. To take it back: postern invite revoke ${id}`);
    }),
};

/** `postern invite list`. */
const listInvitesCommand: CommandModule<object, CommonArguments & { readonly json?: boolean | undefined }> = {
  command: 'list',
  describe: 'list invites that were made',
  builder: (yargs) => yargs.option('json', { type: 'boolean', describe: 'one JSON object per line' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      for (const invite of await accounts.invites()) {
        const { id, uses, note } = invite;
        const expires = invite.expires_at === null ? 'never' : timeOf(invite.expires_at);
        if (args.json === true) {
          printJson({ id, uses, maxUses: invite.max_uses, expires, isRevoked: invite.revoked_at !== null, note });
        } else {
          const state = invite.revoked_at === null ? `expires ${expires}` : 'revoked';
          print([id, `${uses} of ${invite.max_uses} used`, state, ...(note === null ? [] : [note])].join('\t'));
        }
      }
    }),
};

/** `postern invite revoke`. Accounts that were made with it stay. */
const revokeInviteCommand: CommandModule<object, CommonArguments & { readonly id: string }> = {
  command: 'revoke <id>',
  describe: 'make an invite worthless; accounts that it made stay',
  builder: (yargs) => yargs.positional('id', { type: 'string', demandOption: true, describe: 'as "list" shows it' }),
  handler: (args) =>
    withAccounts(args, async (accounts) => {
      if (!(await accounts.revokeInvite(args.id))) throw new RangeError(`there is no invite ${args.id} to revoke.`);
      print(`${args.id}: revoked`);
    }),
};

function timeOf(seconds: number): string {
  return `${new Date(seconds * 1_000).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
