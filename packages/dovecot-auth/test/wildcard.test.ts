import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesWildcard } from '../src/wildcard.ts';

/** The same by recursion: obvious, and exponential. */
function naive(name: string, mask: string): boolean {
  if (mask === '') return name === '';
  if (mask.startsWith('*')) return naive(name, mask.slice(1)) || (name !== '' && naive(name.slice(1), mask));
  return name !== '' && (mask[0] === '?' || mask[0] === name[0]) && naive(name.slice(1), mask.slice(1));
}

describe('a mask of user names', () => {
  it.each([
    ['*', 'alice@example.org', true],
    ['ali*', 'alice@example.org', true],
    ['*@EXAMPLE.org', 'alice@example.org', true],
    ['a?ice@*', 'alice@example.org', true],
    ['bob*', 'alice@example.org', false],
    ['alice', 'alice@example.org', false],
  ])('%s on %s', (mask, name, matches) => {
    expect(matchesWildcard(name, mask)).toBe(matches);
  });

  it('matches what the obvious definition matches', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (name, mask) => {
        expect(matchesWildcard(name, mask)).toBe(naive(name, mask));
      }),
    );
  });

  it('of many stars is no way to keep the server busy', () => {
    const steps = 20_000;
    expect(matchesWildcard('a'.repeat(steps), `${'*a'.repeat(50)}*b`)).toBe(false);
  });
});
