import { describeDoor, describeWithoutDoor } from '../../src/dovecot-auth/door-suite.ts';
import { trixie } from '../../src/dovecot-auth/mail-host.ts';

describeDoor('lua-http', trixie);
describeWithoutDoor(trixie);
