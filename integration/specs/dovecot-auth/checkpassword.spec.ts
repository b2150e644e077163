import { describeDoor } from '../../src/dovecot-auth/door-suite.ts';
import { bookworm } from '../../src/dovecot-auth/mail-host.ts';

describeDoor('checkpassword', bookworm);
