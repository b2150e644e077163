import { describeSessions } from '../../src/accounts/session-suite.ts';

describeSessions('trixie', '2.4');
