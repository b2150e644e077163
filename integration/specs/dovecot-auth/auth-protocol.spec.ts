import { describeDoor } from '../../src/dovecot-auth/door-suite.ts';
import { hosts } from '../../src/dovecot-auth/mail-host.ts';

for (const debian of hosts) describeDoor('auth-protocol', debian);
