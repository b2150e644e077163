import * as fc from 'fast-check';

/** Text full of what has a meaning somewhere: separators, escapes, quotes, bytes that are not ASCII. */
export const anyText = fc.string({
  unit: fc.constantFrom(
    '\0',
    '\x01',
    '\t',
    '\r',
    '\n',
    ' ',
    '"',
    '\\',
    '/',
    '=',
    '*',
    '{',
    '0',
    '1',
    't',
    'a',
    'B',
    'é',
    '🔑',
  ),
  maxLength: 100,
});
