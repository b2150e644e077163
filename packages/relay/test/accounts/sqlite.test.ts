import { describeAccounts } from './backend-suite.ts';
import { temporaryStore } from '../store/temporary-store.ts';

describeAccounts('SQLite', temporaryStore);
