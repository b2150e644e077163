import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../src/config/load.ts';
import { wantsPolicies } from '../../src/setup/mta-sts.ts';

describe('a relay', () => {
  it.each([
    ['chat.example', '', true],
    ['chat.example', 'mail.mta_sts = "off"', false],
    ['_chat.example', '', false],
    ['[192.0.2.1]', '', false],
    ['_chat.example', 'mail.mta_sts = "on"', true],
  ])('named %s, with the setting "%s", wants to know which servers other domains say they have: %j', (...row) => {
    const [domain, setting, wants] = row;
    expect(wantsPolicies(parseConfig(`domain = "${domain}"\n${setting}`, 'x'))).toBe(wants);
  });
});
