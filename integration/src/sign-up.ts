import { loginLink } from '@postern/invite';
import type { TestRelay } from './relay.ts';

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

const post = `fetch(process.argv[1], { method: 'POST' }).then(async (r) => console.log(await r.text()))`;

/** What a relay's `/new` gives out, asked for from another one's machine, over its address. */
export async function signUp(relay: TestRelay, from: TestRelay): Promise<Credentials> {
  const host = relay.address.includes(':') ? `[${relay.address}]` : relay.address;
  const answer: unknown = JSON.parse(
    await from.run(`NODE_TLS_REJECT_UNAUTHORIZED=0 node -e "${post}" https://${host}/new`),
  );
  if (typeof answer === 'object' && answer !== null && 'email' in answer && 'password' in answer)
    return { email: String(answer.email), password: String(answer.password) };
  throw new TypeError(`/new answered ${JSON.stringify(answer)}`);
}

/** The link that a client scans for it; for a relay with a name its servers have to be named too. */
export function linkTo(relay: TestRelay, { email, password }: Credentials): string {
  const server = relay.domain.startsWith('[') ? {} : { imap: { host: relay.domain }, smtp: { host: relay.domain } };
  return loginLink({ address: email, password, ...server, certificateChecks: 'accept-invalid' });
}
