import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newCredentials } from '../../src/web/credentials.ts';
import { markup, Markup } from '../../src/web/markup.ts';
import { parseRequestTarget } from '../../src/web/request-target.ts';
import { SourceCount, sourceOf } from '../../src/web/sources.ts';

describe('new credentials', () => {
  it('have no characters that people misread', () => {
    const drawn = Array.from({ length: 300 }, () => newCredentials({ domain: 'chat.example.org' }));
    for (const { email, password } of drawn) {
      expect(email).toMatch(/^[^ilo01258]{9}@chat\.example\.org$/);
      expect(password).toMatch(/^[a-z34679]{28}$/);
      expect(email.split('@')[0] + password).not.toMatch(/[ilo01258A-Z]/);
    }
    expect(new Set(drawn.map(({ email }) => email)).size).toBe(300);
  });

  it('are drawn from the whole alphabet by the random source', () => {
    const { email, password } = newCredentials({ domain: 'x.y', usernameLength: 3, random: (bound) => bound - 1 });
    expect([email, password]).toEqual(['999@x.y', '9'.repeat(28)]);
  });
});

describe('a request target', () => {
  it.each([
    ['/new?token=a', '/new', 'a'],
    ['https://_cm.test/new?token=a', '/new', 'a'],
    ['HTTPS://chat.example.org:8443/new', '/new', null],
    ['//chat.example.org/new', '//chat.example.org/new', null],
    ['/a/../new', '/new', null],
  ])('%s leads to %s', (target, path, token) => {
    const parsed = parseRequestTarget(target);
    expect([parsed?.path, parsed?.query.get('token')]).toEqual([path, token]);
  });

  it.each(['*', '', 'chat.example.org:443', 'ftp://x/', 'https://[', 'javascript:alert(1)'])(
    '%s leads nowhere',
    (target) => {
      expect(parseRequestTarget(target)).toBeUndefined();
    },
  );
});

describe('markup', () => {
  it('escapes every value, wherever it comes from', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const { text } = markup`<p title="${value}">${[value, value]}</p>`;
        expect(text.replace(/^<p title="|">|<\/p>$/g, '')).not.toMatch(/[<>"']/);
      }),
    );
  });

  it('leaves markup as it is', () => {
    expect(markup`<p>${Markup.trusted('<b>')}${undefined}${5}</p>`.text).toBe('<p><b>5</p>');
  });
});

describe('a source', () => {
  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:0DB8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
  ])('of %s is %s', (address, source) => {
    expect(sourceOf(address)).toBe(source);
  });

  it('is forgotten with its last connection', () => {
    const count = new SourceCount(2);
    expect([count.take('::1'), count.take('::1'), count.take('::2'), count.take('192.0.2.1')]).toEqual([
      true,
      true,
      false,
      true,
    ]);
    count.release('::1');
    count.release('::1');
    count.release('192.0.2.1');
    expect(count.size).toBe(0);
  });
});
