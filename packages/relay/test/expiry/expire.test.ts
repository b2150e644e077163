import { describeExpiry } from './expiry-suite.ts';
import { temporaryStore } from '../store/temporary-store.ts';

describeExpiry('SQLite', temporaryStore);
