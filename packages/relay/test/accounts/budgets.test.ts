import { describe, expect, it } from 'vitest';
import { CreationBudgets, networkOf } from '../../src/accounts/budgets.ts';

const budgets = (): CreationBudgets =>
  new CreationBudgets(
    {
      perSource: { count: 2, windowSeconds: 60 },
      relay: { count: 4, windowSeconds: 60 },
      automatic: { count: 1, windowSeconds: 60 },
    },
    Buffer.alloc(32, 1),
  );

describe('the budgets for new accounts', () => {
  it('are spent per source, and by the relay as a whole', () => {
    const budget = budgets();
    expect(budget.spent('192.0.2.1', 0)).toEqual([]);
    budget.take('192.0.2.1', false, 0);
    budget.take('192.0.2.77', false, 10); // a neighbour in the same network
    expect(budget.spent('192.0.2.200', 10)).toEqual(['source']);
    expect(budget.spent('198.51.100.1', 10)).toEqual([]);
    budget.take('198.51.100.1', false, 10);
    budget.take('203.0.113.1', false, 10);
    expect(budget.spent('203.0.113.1', 10)).toEqual(['relay']);
  });

  it('come back as time passes', () => {
    const budget = budgets();
    budget.take('192.0.2.1', false, 0);
    budget.take('192.0.2.1', false, 30);
    expect(budget.spent('192.0.2.1', 59)).toEqual(['source']);
    expect(budget.spent('192.0.2.1', 60)).toEqual([]);
  });

  it('come back when no account was made after all', () => {
    const budget = budgets();
    budget.take('192.0.2.1', false, 0);
    const giveBack = budget.take('192.0.2.1', true, 0);
    expect(budget.spent('192.0.2.1', 0)).toEqual(['source', 'automatic']);
    giveBack();
    expect(budget.spent('192.0.2.1', 0)).toEqual([]);
  });

  it('do not take everybody behind a proxy on this machine for one source', () => {
    const budget = budgets();
    for (const address of ['127.0.0.1', '::1', undefined]) budget.take(address, false, 0);
    expect(budget.spent('127.0.0.1', 0)).toEqual([]);
    budget.take('127.0.0.1', false, 0);
    expect(budget.spent('127.0.0.1', 0)).toEqual(['relay']);
  });
});

describe('a network', () => {
  it.each([
    ['192.0.2.1', '192.0.2'],
    ['::ffff:192.0.2.1', '192.0.2'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:0db8:0001:0002::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2:3::', '2001:db8:1:2'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['::2', '0:0:0:0'],
    ['127.0.0.53', undefined],
    ['::1', undefined],
    ['::ffff:127.0.0.1', undefined],
    ['nonsense', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('of %s is %s', (address, expected) => {
    expect(networkOf(address)).toBe(expected);
  });
});
