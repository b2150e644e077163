import { describe, expect, it } from 'vitest';
import { type CreationFacts, decideCreation, isOurs, type NameRules } from '../../src/accounts/policy.ts';

const rules: NameRules = {
  domain: 'chat.example',
  usernameMinLength: 9,
  usernameMaxLength: 9,
  passwordMinLength: 9,
};

/** Somebody scanned the code of an open relay with nothing wrong anywhere. */
const ordinary: CreationFacts = {
  user: 'somebody1@chat.example',
  passwordLength: 22,
  registration: 'open',
  automatic: 'allow',
  isAutomatic: false,
  isRestoring: false,
  isTombstoned: false,
  shortages: [],
  spentBudgets: [],
};

function outcome(facts: Partial<CreationFacts>, changed: Partial<NameRules> = {}): string {
  const verdict = decideCreation({ ...ordinary, ...facts }, { ...rules, ...changed });
  return verdict.kind === 'create' ? 'create' : verdict.code;
}

describe('the account policy', () => {
  it.each<[string, Partial<CreationFacts>, string]>([
    ['an ordinary sign-up', {}, 'create'],
    ['every allowed kind of character', { user: 'a-b_c.d09@chat.example' }, 'create'],
    ['the names of Delta Chat core’s own tests', { user: 'ci-abc123@chat.example' }, 'create'],
    ['another domain', { user: 'somebody1@other.example' }, 'wrong-domain'],
    ['a subdomain', { user: 'somebody1@a.chat.example' }, 'wrong-domain'],
    ['no domain', { user: 'somebody1' }, 'wrong-domain'],
    ['no local part', { user: '@chat.example' }, 'bad-name'],
    ['two at signs', { user: 'some@body@chat.example' }, 'wrong-domain'],
    ['nothing', { user: '' }, 'wrong-domain'],
    ['a path', { user: '../../etc@chat.example' }, 'bad-name'],
    ['two dots', { user: 'some..dy1@chat.example' }, 'bad-name'],
    ['a leading dot', { user: '.omebody1@chat.example' }, 'bad-name'],
    ['a trailing dot', { user: 'somebody.@chat.example' }, 'bad-name'],
    ['a leading hyphen', { user: '-omebody1@chat.example' }, 'bad-name'],
    ['upper case', { user: 'Somebody1@chat.example' }, 'bad-name'],
    ['a plus', { user: 'some+ody1@chat.example' }, 'bad-name'],
    ['a letter with an accent', { user: 'somebódy1@chat.example' }, 'bad-name'],
    ['a Kelvin sign', { user: 'someboKy1@chat.example' }, 'bad-name'],
    ['NUL', { user: 'somebod\0y@chat.example' }, 'bad-name'],
    ['a line feed at the end', { user: 'somebody1\n@chat.example' }, 'bad-name'],
    ['a line feed behind the domain', { user: 'somebody1@chat.example\n' }, 'wrong-domain'],
    ['a quote', { user: '"omebody"@chat.example' }, 'bad-name'],
    ['eight characters', { user: 'somebody@chat.example' }, 'name-length'],
    ['ten characters', { user: 'somebody10@chat.example' }, 'name-length'],
    ['who could have a certificate issued', { user: 'webmaster@chat.example' }, 'reserved-name'],
    ['a password of eight characters', { passwordLength: 8 }, 'password-short'],
    ['a password of nine', { passwordLength: 9 }, 'create'],
    ['no password', { passwordLength: 0 }, 'password-short'],
    ['closed registration', { registration: 'closed' }, 'closed'],
    ['registration by invite', { registration: 'invite' }, 'invite-needed'],
    ['a restore', { isRestoring: true }, 'restoring'],
    ['an address that somebody had', { isTombstoned: true }, 'tombstoned'],
    ['an automatic sign-up', { isAutomatic: true }, 'create'],
    ['an automatic sign-up where those are denied', { isAutomatic: true, automatic: 'deny' }, 'automatic-denied'],
    ['a sign-up by hand where automatic ones are denied', { automatic: 'deny' }, 'create'],
    ['too much load', { shortages: ['load'] }, 'load-shortage'],
    ['too little memory', { shortages: ['memory'] }, 'memory-shortage'],
    ['too little disk', { shortages: ['disk', 'load'] }, 'disk-shortage'],
    ['a source that made many', { spentBudgets: ['source'] }, 'source-budget'],
    ['a relay that made many', { spentBudgets: ['relay'] }, 'relay-budget'],
    ['many automatic ones, where they are not limited', { isAutomatic: true, spentBudgets: ['automatic'] }, 'create'],
    [
      'many automatic ones, where they are',
      { isAutomatic: true, automatic: 'limit', spentBudgets: ['automatic'] },
      'automatic-budget',
    ],
    ['many automatic ones, and this one is not', { automatic: 'limit', spentBudgets: ['automatic'] }, 'create'],
  ])('%s', (_, facts, expected) => {
    expect(outcome(facts)).toBe(expected);
  });

  it('takes lengths from the operator', () => {
    const lengths = { usernameMinLength: 3, usernameMaxLength: 20 };
    expect(outcome({ user: 'bob@chat.example' }, lengths)).toBe('create');
    expect(outcome({ user: 'bo@chat.example' }, lengths)).toBe('name-length');
    expect(outcome({ user: 'postmaster@chat.example' }, lengths)).toBe('reserved-name');
    expect(outcome({ user: `${'x'.repeat(21)}@chat.example` }, lengths)).toBe('name-length');
    expect(outcome({ passwordLength: 19 }, { passwordMinLength: 20 })).toBe('password-short');
  });

  it('knows the address literal of a relay without a name', () => {
    expect(outcome({ user: 'somebody1@[192.0.2.1]' }, { domain: '[192.0.2.1]' })).toBe('create');
  });

  it('gives a reason for everything but an address that somebody had, which looks like a wrong password', () => {
    const told: [Partial<CreationFacts>, boolean][] = [
      [{ user: 'somebody@chat.example' }, true],
      [{ registration: 'closed' }, true],
      [{ spentBudgets: ['relay'] }, true],
      [{ isTombstoned: true }, false],
    ];
    for (const [facts, hasReason] of told) {
      const verdict = decideCreation({ ...ordinary, ...facts }, rules);
      expect('reason' in verdict).toBe(hasReason);
    }
  });

  it('says the lengths that it wants', () => {
    const verdict = decideCreation({ ...ordinary, user: 'bob@chat.example' }, rules);
    expect(verdict).toMatchObject({
      reason:
        'No account fits this address and password; a new address must have exactly 9 characters before the @, this one has 3.',
    });
  });
});

describe('an address of ours', () => {
  it.each([
    ['somebody1@chat.example', true],
    ['bob@chat.example', true], // an imported one may have another length
    ['somebody1@other.example', false],
    ['../../../x@chat.example', false],
    ['somebody1', false],
    ['', false],
  ])('%s: %s', (user, expected) => {
    expect(isOurs(user, rules)).toBe(expected);
  });
});
