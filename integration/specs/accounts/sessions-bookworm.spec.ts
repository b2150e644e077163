import { describeSessions } from '../../src/accounts/session-suite.ts';

describeSessions('bookworm', '2.3');
