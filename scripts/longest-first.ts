import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What takes longest, in this order: begun first, none of it is left over at the end with one core idle. */
const longest = [
  'gate/chaos',
  'relay/outage',
  'citizen/',
  'echobot/',
  'relay/start',
  'servers/transport',
  'accounts/',
  'storage/',
  'web/page.',
  'relay/gate',
  'dovecot-auth/restarts',
  'delivery/',
  'imap/push',
  'milter/observers',
  'milter/sessions',
  'servers/',
  'gate/',
  'relay/chat',
];

/** Orders test files by how long they take; of the others, those with containers come first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rank(a.moduleId) - rank(b.moduleId));
  }
}

function rank(path: string): number {
  if (!path.endsWith('.spec.ts')) return longest.length + 1;
  const place = longest.findIndex((part) => path.includes(`/specs/${part}`));
  return place === -1 ? longest.length : place;
}
