import type { AccountFilter } from '@postern/relay';
import type { Argv } from 'yargs';
import { WrongWords } from './administration.ts';

export interface FilterArguments {
  readonly minAge?: number | undefined;
  readonly maxAge?: number | undefined;
  readonly unseen?: number | undefined;
  readonly seen?: number | undefined;
  readonly blocked?: boolean | undefined;
  readonly match?: string | undefined;
}

/** The options that choose accounts, the same wherever they are chosen. */
export function filterOptions<T>(yargs: Argv<T>): Argv<T & FilterArguments> {
  const days = { type: 'number', requiresArg: true } as const;
  return yargs
    .option('min-age', { ...days, describe: 'made at least DAYS ago' })
    .option('max-age', { ...days, describe: 'made at most DAYS ago' })
    .option('unseen', { ...days, describe: 'nobody logged in for at least DAYS' })
    .option('seen', { ...days, describe: 'somebody logged in within DAYS' })
    .option('blocked', { type: 'boolean', describe: 'blocked ones (--no-blocked: the others)' })
    .option('match', { type: 'string', requiresArg: true, describe: 'with this TEXT in the address' });
}

/** @throws WrongWords */
export function filterOf(args: FilterArguments): AccountFilter {
  for (const name of ['minAge', 'maxAge', 'unseen', 'seen'] as const) {
    const days = args[name];
    if (days !== undefined && !(Number.isInteger(days) && days >= 0)) {
      const option = name.replace('Age', '-age');
      throw new WrongWords(`--${option} is a number of days, like 30.`);
    }
  }
  return {
    ...(args.minAge !== undefined && { minAgeDays: args.minAge }),
    ...(args.maxAge !== undefined && { maxAgeDays: args.maxAge }),
    ...(args.unseen !== undefined && { unseenDays: args.unseen }),
    ...(args.seen !== undefined && { seenDays: args.seen }),
    ...(args.blocked !== undefined && { isBlocked: args.blocked }),
    ...(args.match !== undefined && { containing: args.match }),
  };
}
