import { describe, expect, it } from 'vitest';
import { postern } from '../postern.ts';

describe('postern policy', () => {
  it('explains every case, with what the other side reads', async () => {
    const { stdout: text } = await postern(['policy', 'explain']);
    expect(text.split('\n').filter((line) => /^\S/.test(line))).toEqual([
      'A user names a recipient (RCPT TO)',
      'A user’s message is complete (end of DATA)',
      'Another server names a recipient (RCPT TO)',
      'Another server’s message is complete (end of DATA)',
      'Our own Postfix writes',
    ]);
    expect(text).toMatch(
      /^ {2}cleartext +not-encrypted +refuse 523 5\.7\.1 Encryption Needed: Invalid Unencrypted Mail$/m,
    );
  });
});
