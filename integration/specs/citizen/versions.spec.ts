import { describeVersions } from '../../src/versions-suite.ts';

describeVersions('at two relays', { domains: ['_one.test', '_two.test'] });
