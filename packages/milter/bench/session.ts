import { systemClock } from '../src/clock.ts';
import { compile } from '../src/program.ts';
import { MilterSession } from '../src/session.ts';
import { frame, strings, uint32 } from '../src/testing/codec.ts';
import { FrameDecoder } from '../src/wire/frames.ts';

const messagesPerRound = 20_000;

/** Runs whole messages from bytes to verdict without a socket. @returns messages for each second of CPU, by round. */
export async function measureSession(rounds: number): Promise<number[]> {
  const headers = Array.from({ length: 10 }, (_, index) => frame('L', strings(`X-Header-${index}`, `value ${index}`)));
  const macros = frame('D', Buffer.concat([Buffer.from('M'), strings('i', 'Q1', '{auth_authen}', 'bob')]));
  const envelope = [macros, frame('M', strings('<a@b>')), frame('R', strings('<c@d>'))];
  const ending = [frame('B', Buffer.alloc(3000, 'x')), frame('E'), frame('A')];
  const message = Buffer.concat([...envelope, ...headers, ...ending]);
  const rates: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    let verdicts = 0;
    const observer = { observe: () => {} };
    const session = new MilterSession({
      program: compile({
        name: 'bench',
        on: {
          mail: { observe: (event, { macro }) => void (event.from + (macro('auth_authen') ?? '')) },
          rcpt: observer,
          header: { observe: (event) => void (event.name + event.value) },
          body: observer,
          endOfMessage: () => {},
        },
      }),
      id: 1,
      transport: 'unix',
      output: { send: () => (verdicts += 1), room: () => undefined },
      clock: systemClock,
    });
    const decoder = new FrameDecoder(65_537);
    await session.receive(frame('O', uint32(6, 0x1ff, 0x1f_ffff)).subarray(4));
    const before = process.cpuUsage();
    for (let count = 0; count < messagesPerRound; count += 1) {
      for (const each of decoder.decode(message)) await session.receive(each);
    }
    const { user, system } = process.cpuUsage(before);
    if (verdicts !== messagesPerRound + 1) throw new Error(`${verdicts} answers`);
    if (round > 0) rates.push((messagesPerRound * 1_000_000) / (user + system));
  }
  return rates;
}
