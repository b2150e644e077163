import { describe, expect, it } from 'vitest';
import { MacroStore } from '../src/macros.ts';

function store(...lists: readonly (readonly [stage: string, list: string])[]): MacroStore {
  const macros = new MacroStore(200);
  for (const [stage, list] of lists) macros.set(stage.charCodeAt(0), Buffer.from(list, 'latin1'));
  return macros;
}

describe('a macro', () => {
  it('has its value, with or without braces', () => {
    const macros = store(['M', 'i\0Q1\0{auth_authen}\0bob\0{mail_addr}\0\0']);
    expect(['i', '{i}', 'auth_authen', '{auth_authen}', 'mail_addr'].map((name) => macros.get(name))).toEqual([
      'Q1',
      'Q1',
      'bob',
      'bob',
      '',
    ]);
    expect(macros.get('auth_type')).toBeUndefined();
  });

  it('has the value of the newest stage', () => {
    const macros = store(['C', 'i\0connect\0j\0host\0'], ['M', 'i\0mail\0'], ['R', 'i\0rcpt\0']);
    expect([macros.get('i'), macros.get('j')]).toEqual(['rcpt', 'host']);
  });

  it('of a later stage goes when an earlier one begins again', () => {
    const macros = store(['C', 'j\0host\0'], ['M', 'a\0b\0'], ['R', 'i\0old\0'], ['E', 'i\0old\0'], ['M', 'a\0c\0']);
    expect([macros.get('i'), macros.get('a'), macros.get('j')]).toEqual([undefined, 'c', 'host']);
  });

  it('of an earlier stage is untouched by those sent with headers, chunks and unknown commands', () => {
    const macros = store(['M', '{auth_authen}\0bob\0'], ['L', 'i\0Q\0'], ['B', ''], ['U', 'x\0y\0'], ['?', 'z\0z\0']);
    expect([macros.get('auth_authen'), macros.get('i'), macros.get('x'), macros.get('z')]).toEqual([
      'bob',
      'Q',
      undefined,
      undefined,
    ]);
  });

  it('of a message goes with it, that of the connection stays', () => {
    const macros = store(['C', 'j\0host\0'], ['H', '{tls_version}\0TLSv1.3\0'], ['M', 'i\0Q\0'], ['E', 'i\0Q\0']);
    macros.clearMessage();
    expect([macros.get('j'), macros.get('tls_version'), macros.get('i')]).toEqual(['host', 'TLSv1.3', undefined]);
  });

  it.each([
    ['an odd list', 'a\0b\0c\0', ['b', undefined]],
    ['a list without its last NUL', 'a\0b\0c\0d', ['b', 'd']],
    ['a list that ends in a name', 'a\0b\0c', ['b', undefined]],
    ['an empty list', '', [undefined, undefined]],
    ['a list of NULs', '\0\0\0\0', [undefined, undefined]],
  ])('is read as far as possible from %s', (_, list, values) => {
    const macros = store(['M', list]);
    expect([macros.get('a'), macros.get('c')]).toEqual(values);
  });

  it('beyond the limit is ignored', () => {
    const macros = new MacroStore(200);
    macros.set(0x4d, Buffer.from(Array.from({ length: 10_000 }, (_, index) => `{m${index}}\0${index}\0`).join('')));
    expect([macros.get('m199'), macros.get('m200')]).toEqual(['199', undefined]);
  });
});
