import { describe, expect, it } from 'vitest';
import { userOf } from '../../src/services/full-mailboxes.ts';

const user = 'alice0001@chat.example';

describe('what Dovecot says when a mailbox fills up', () => {
  it.each([
    ['the words of 2.3', `VERSION\tscript\t3\t0\nnoreply\n${user}\n\n`, user],
    ['the words of 2.4', `VERSION\tscript\t4\t0\nnoreply\n${user}\n\n`, user],
    ['a timeout between them', `VERSION\tscript\t4\t0\nalarm=10\nnoreply\n${user}\n\n`, user],
    ['an address literal', 'VERSION\tscript\t4\t0\n-\nalice0001@[192.0.2.1]\n\n', 'alice0001@[192.0.2.1]'],
    ['half of it', `VERSION\tscript\t4\t0\nnoreply\n${user}\n`, undefined],
    ['two users', `VERSION\tscript\t4\t0\nnoreply\n${user}\n${user}\n\n`, undefined],
    ['no user', 'VERSION\tscript\t4\t0\nnoreply\n\n', undefined],
    ['an option in place of a user', 'VERSION\tscript\t4\t0\nnoreply\n--config=a@b\n\n', undefined],
    ['another protocol', `VERSION\tauth\t1\t0\nnoreply\n${user}\n\n`, undefined],
    ['nothing', '', undefined],
  ])('%s', (_, request, expected) => {
    expect(userOf(request)).toBe(expected);
  });

  it('names nobody before all of it is there', () => {
    const whole = `VERSION\tscript\t4\t0\nnoreply\n${user}\n\n`;
    for (let end = 0; end < whole.length; end += 1) expect(userOf(whole.slice(0, end))).toBeUndefined();
  });
});
