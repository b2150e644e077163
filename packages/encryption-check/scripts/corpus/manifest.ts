import type { CleartextReason, Finding } from '../../src/index.ts';
import { outgoingReasons } from './dresses.ts';
import { allTricks } from './tricks/index.ts';

export interface Expected {
  readonly kind: Finding['kind'];
  readonly reason?: CleartextReason;
}

/** One file of the corpus and what must be found. */
export interface Entry {
  readonly file: string;
  /** Whether it is an attempt to pass cleartext; otherwise a real program wrote it. */
  readonly isTrick: boolean;
  /** What a reader would see, or what wrote it. */
  readonly says: string;
  readonly outgoing: Expected;
  readonly incoming: Expected;
}

/** The whole list: tricks, then the given files of genuine messages. */
export function manifest(genuineFiles: readonly string[]): Entry[] {
  const tricks = [...allTricks].flatMap(([group, each]) =>
    each.map(({ name, sees, reason, incoming }): Entry => {
      const outgoing: Expected = { kind: 'cleartext', reason };
      return {
        file: `tricks/${group}/${name}.eml`,
        isTrick: true,
        says: sees,
        outgoing,
        incoming: incoming === undefined ? outgoing : { kind: incoming },
      };
    }),
  );
  return [...tricks, ...genuineFiles.toSorted().map((file) => genuine(file))];
}

const writers: Readonly<Record<string, string>> = {
  'delta-chat': 'Delta Chat core 2.57',
  gnupg: 'GnuPG 2.2 of Debian 12',
  'mail-programs': 'in the manner of',
  openpgpjs: 'OpenPGP.js 6',
};

function genuine(file: string): Entry {
  const [group = '', base = ''] = file.split('/');
  const name = base.replace(/\.eml$/, '');
  const says = `${writers[group] ?? group}: ${name.replaceAll('-', ' ')}`;
  const entry = (outgoing: Expected, incoming = outgoing): Entry => ({
    file: `genuine/${file}`,
    isTrick: false,
    says,
    outgoing,
    incoming,
  });
  if (group === 'delta-chat') {
    if (name.startsWith('classic-')) return entry({ kind: 'cleartext', reason: 'not-encrypted' });
    if (/^(?:legacy|core-2\.33|core-1\.160)-v[cg]-request$/.test(name)) return entry({ kind: 'secure-join-request' });
  }
  const reason = group === 'mail-programs' ? outgoingReasons.get(name) : undefined;
  return reason === undefined ? entry({ kind: 'encrypted' }) : entry({ kind: 'cleartext', reason }, { kind: 'encrypted' });
}
