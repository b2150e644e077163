import { describeDoor, describeWithoutDoor } from '../../src/dovecot-auth/door-suite.ts';
import { bookworm } from '../../src/dovecot-auth/mail-host.ts';

describeDoor('dict', bookworm);
describeWithoutDoor(bookworm);
