import { existsSync } from 'node:fs';
import type { Config } from '../config/config.ts';
import { isPrivateDomain } from '../config/mail-domain.ts';
import type { Layout } from './layout.ts';

/** Of Debian's package postfix-mta-sts-resolver, in Debian 12 and 13. */
const policyProgram = '/usr/bin/mta-sts-daemon';

/** What that does, in Python; but it hangs when it fails, in the thread of its cache, and nobody would start it again. */
export const policyMain = `
import os, traceback
from postfix_mta_sts_resolver.daemon import main
try:
    main()
except BaseException:
    traceback.print_exc()
os._exit(1)
`;

/** Whether Postfix is to ask which servers a domain says it has (RFC 8461). */
export function wantsPolicies({ domain, mail }: Config): boolean {
  return (mail.mtaSts ?? (isPrivateDomain(domain) ? 'off' : 'on')) === 'on';
}

/** Whether it does. */
export function asksForPolicies(config: Config): boolean {
  return wantsPolicies(config) && existsSync(policyProgram);
}

/**
 * mta-sts-daemon.yml(5), as JSON, which is YAML. Policies are kept on disk: what protects a domain, from its second message
 * on, is that its policy is remembered when DNS is lied about (RFC 8461 §10), also by a relay that was restarted.
 */
export function policyConf({ policySocket, policyCache }: Layout): string {
  const settings = {
    path: policySocket,
    mode: 0o666, // Postfix asks; nothing secret is told
    cache: { type: 'sqlite', options: { filename: policyCache, threads: 1 } },
    shutdown_timeout: 1,
  };
  return `${JSON.stringify(settings, undefined, 2)}\n`;
}

/** socketmap_table(5). While the program does not answer, mail waits: that is a failed lookup, not an absent policy. */
export function policyTable({ policySocket }: Layout): string {
  return `socketmap:unix:${policySocket}:postfix`;
}
