import { temporaryStore } from '../store/temporary-store.ts';
import { describeAdministration } from './administration-suite.ts';
import { describeAccounts } from './backend-suite.ts';
import { describeExchange } from './exchange-suite.ts';
import { describePasswords } from './password-suite.ts';
import { describePuttingOut } from './putting-out-suite.ts';
import { describeRegistration } from './registration-suite.ts';
import { describeSecret } from './secret-suite.ts';
import { describeUnused } from './unused-suite.ts';

describeAccounts('SQLite', temporaryStore);
describePasswords('SQLite', temporaryStore);
describeRegistration('SQLite', temporaryStore);
describeAdministration('SQLite', temporaryStore);
describePuttingOut('SQLite', temporaryStore);
describeExchange('SQLite', temporaryStore);
describeSecret('SQLite', temporaryStore);
describeUnused('SQLite', temporaryStore);
