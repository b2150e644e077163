import type { MacroRequests } from '@postern/milter';

/**
 * Nothing besides what a filter reads. Postfix would look up and send macros with every event, header fields among them,
 * unless a filter names those that it wants (MILTER_README, "Macros").
 */
export const noMacros: MacroRequests = {
  connect: [],
  helo: [],
  mail: [],
  rcpt: [],
  data: [],
  endOfHeaders: [],
  endOfMessage: [],
};
