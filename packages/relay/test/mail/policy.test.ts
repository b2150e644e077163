import { describe, expect, it } from 'vitest';
import { explainPolicy } from '../../src/mail/policy-table.ts';

describe('the policy', () => {
  it('is this table', () => {
    expect(`\n${explainPolicy()}\n`).toMatchInlineSnapshot(`
      "
      A user names a recipient (RCPT TO)
        in their own name                                recipient            accept
        not logged in                                    not-logged-in        refuse 553 5.7.1 Sender address rejected: not logged in
        in the name of somebody else                     sender-not-login     refuse 553 5.7.1 Sender address rejected: it is not the address you logged in with
        with the null sender                             sender-not-login     refuse 553 5.7.1 Sender address rejected: it is not the address you logged in with
        with a + in the address                          sender-not-login     refuse 553 5.7.1 Sender address rejected: it is not the address you logged in with
        with a quoted local part                         sender-not-login     refuse 553 5.7.1 Sender address rejected: it is not the address you logged in with
        with a rewritten (SRS) sender                    sender-not-login     refuse 553 5.7.1 Sender address rejected: it is not the address you logged in with
        blocked since they logged in                     account-blocked      refuse 550 5.7.13 This account is blocked
        blocked since they logged in, for a reason       account-blocked      refuse 550 5.7.13 This account is blocked: Spam
        deleted since they logged in                     account-gone         refuse 550 5.7.1 This account does not exist any more
        while nobody knows whether they still may        account-unknown      defer 451 4.3.0 Temporary failure, try again later
        after too many messages in a minute              too-many-messages    defer 450 4.7.1: Too much mail from alice@chat.example, try again in 42 seconds
        after too many recipients in an hour             too-many-recipients  defer 450 4.7.1: Too much mail from alice@chat.example, try again in 1800 seconds
        after too many bytes in a day                    too-many-bytes       defer 450 4.7.1: Too much mail from alice@chat.example, try again in 36000 seconds
        while the store does not answer                  store-unavailable    defer 451 4.3.0 Temporary failure, try again later

      A user’s message is complete (end of DATA)
        encrypted                                        encrypted            accept
        a SecureJoin request                             secure-join-request  accept
        cleartext                                        not-encrypted        refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        a delivery report                                bounce               refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        without From                                     author-none          refuse 500 5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from
        several From fields or addresses                 author-ambiguous     refuse 500 5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from
        From somebody else                               author-not-sender    refuse 500 5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from
        From somebody else, and cleartext                author-none          refuse 500 5.7.1 Invalid FROM: there has to be one From header with one address, the one you send from
        blocked since they named the recipients          account-blocked      refuse 550 5.7.13 This account is blocked
        larger than was said, and too much for a day     too-many-bytes       defer 450 4.7.1: Too much mail from alice@chat.example, try again in 36000 seconds
        cleartext, and too much for a day                not-encrypted        refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        while the store does not answer                  store-unavailable    defer 451 4.3.0 Temporary failure, try again later

      Another server names a recipient (RCPT TO)
        ordinary                                         recipient            accept
        who got too many messages in a minute            too-many-messages    defer 450 4.7.1: Too much mail for alice@chat.example, try again in 42 seconds
        who got too many bytes in a day                  too-many-bytes       defer 450 4.7.1: Too much mail for alice@chat.example, try again in 36000 seconds
        while the store does not answer                  store-unavailable    defer 451 4.3.0 Temporary failure, try again later

      Another server’s message is complete (end of DATA)
        encrypted                                        encrypted            accept
        encrypted, cleartext refused                     encrypted            accept
        a SecureJoin request, cleartext refused          secure-join-request  accept
        a delivery report, cleartext refused             bounce               accept
        cleartext                                        cleartext            accept
        cleartext, the operator refuses it               not-encrypted        refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        cleartext, a recipient refuses it                not-encrypted        refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        larger than was said, and too much for a day     too-many-bytes       defer 450 4.7.1: Too much mail for this recipient, try again in 36000 seconds
        not signed                                       signature-none       refuse 554 5.7.1 No DKIM signature found
        signed wrongly, or by a domain not that of From  signature-invalid    refuse 554 5.7.1 No valid DKIM signature found
        signed, but DNS does not answer                  signature-unknown    defer 451 4.7.5 The DKIM key cannot be looked up, try again later
        cleartext that is refused, and not signed        not-encrypted        refuse 523 5.7.1 Encryption Needed: Invalid Unencrypted Mail
        a delivery report that is not signed             signature-none       refuse 554 5.7.1 No DKIM signature found
        encrypted, from user@[192.0.2.1]                 encrypted            accept
        cleartext, from user@[192.0.2.1]                 signature-none       refuse 554 5.7.1 No DKIM signature found
        not signed, where the operator allows that       cleartext            accept

      Our own Postfix writes
        a delivery report                                local                accept
      "
    `);
  });
});
