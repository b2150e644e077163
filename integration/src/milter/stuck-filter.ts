/** A filter of its own process that never answers the end of a message: made to be killed. */
import { createMilter } from '@postern/milter';

const [path = ''] = process.argv.slice(2);
const milter = createMilter({
  name: 'stuck',
  on: {
    endOfMessage: () => {
      process.stdout.write('at the end of a message\n');
      return new Promise<undefined>(() => {});
    },
  },
});
await milter.listen({ path, mode: 0o666 });
process.stdout.write('listening\n');
