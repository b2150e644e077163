import { createReadStream } from 'node:fs';
import { createMessageStream } from '@postern/encryption-check';

const file = process.argv[2] ?? '/dev/stdin';
const message = createMessageStream({ direction: 'outgoing', maxBytes: 30_000_000 });
for await (const chunk of createReadStream(file)) {
  message.write(chunk);
  if (message.decided) break; // cleartext, whatever follows
}

const finding = message.end();
switch (finding.kind) {
  case 'encrypted':
    console.log(`encrypted, SEIPD version ${finding.seipdVersion}`, finding.sessionKeys);
    break;
  case 'secure-join-request':
    console.log(`a SecureJoin request: ${finding.request}`);
    break;
  case 'bounce':
  case 'cleartext':
    console.log('reason' in finding ? `${finding.explanation} (byte ${finding.offset})` : 'a bounce');
    process.exitCode = 1;
}
