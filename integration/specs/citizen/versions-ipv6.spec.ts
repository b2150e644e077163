import { describeVersions } from '../../src/versions-suite.ts';

describeVersions('over IPv6 alone, with domains in capitals', {
  domains: ['_ONE.Test', '_Two.TEST'],
  family: 'ipv6',
});
