import type { Action } from './edits.ts';
import type { MilterOptions } from './options.ts';
import { compile } from './program.ts';
import { listen, type ListenAddress, type MilterServer } from './server.ts';

/** A mail filter, ready to listen: in one place, or in several. */
export interface Milter {
  readonly name: string;
  /** @throws Error when the address cannot be had: in use, not permitted, no such group. */
  listen(address: ListenAddress): Promise<MilterServer>;
}

/**
 * Makes a mail filter from handlers. The ones that are there decide what is negotiated with the mail server: it sends
 * nothing else, and waits only for the ones that may answer.
 *
 * @throws RangeError when an option makes no sense.
 */
export function createMilter<A extends Action = never, C = undefined, M = undefined>(
  options: MilterOptions<A, C, M>,
): Milter {
  const program = compile(options);
  return { name: options.name, listen: (address) => listen(program, address) };
}
