import { temporaryStore } from '../store/temporary-store.ts';
import { describeAdministration } from './administration-suite.ts';
import { describeAccounts } from './backend-suite.ts';
import { describePasswords } from './password-suite.ts';
import { describeRegistration } from './registration-suite.ts';
import { describeSecret } from './secret-suite.ts';

describeAccounts('SQLite', temporaryStore);
describePasswords('SQLite', temporaryStore);
describeRegistration('SQLite', temporaryStore);
describeAdministration('SQLite', temporaryStore);
describeSecret('SQLite', temporaryStore);
