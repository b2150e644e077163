import { describe, expect, it } from 'vitest';
import { masked } from '../../src/config/masking.ts';

describe('a setting that is shown', () => {
  it.each([
    ['url', 'sqlite', 'sqlite'],
    ['url', 'postgresql://postern@db.example:5432/postern', 'postgresql://postern@db.example:5432/postern'],
    ['url', 'postgresql://db.example:5432/postern', 'postgresql://db.example:5432/postern'],
    ['url', 'postgresql://postern:secret@db.example/postern', 'postgresql://postern:…@db.example/postern'],
    ['url', 'postgres://postern:se:c/r@et@db.example/postern', 'postgres://postern:…@db.example/postern'],
    ['url', 'postgresql://:secret@/postern?host=/run', 'postgresql://:…@/postern?host=/run'],
    [
      'url',
      'postgresql:///postern?user=a&Password=secret&sslpassword=secret#x',
      'postgresql:///postern?user=a&Password=…&sslpassword=…#x',
    ],
    ['url', 'mysql:postern:secret@db.example', 'mysql:postern:…@db.example'],
    ['turnSecret', 'secret', '…'],
    ['turn_secret', 'secret', '…'],
    ['name', 'a:secret@b', 'a:secret@b'],
  ])('%s = %s is %s', (key, value, shown) => {
    expect(masked(key, value)).toBe(shown);
  });
});
