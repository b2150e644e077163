const everyMs = 500;

/** Where progress is shown: standard error, where that is a terminal. */
interface Screen {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** Shows how far long work is, on standard error when that is a terminal; nothing of work that is done at once. */
export function progress(
  what: string,
  screen: Screen = process.stderr,
  now: () => number = () => performance.now(),
): { readonly report: (done: number) => void; readonly end: () => void } {
  let shownAt = now();
  let isShown = false;
  return {
    report: (done) => {
      if (screen.isTTY !== true || now() - shownAt < everyMs) return;
      shownAt = now();
      isShown = true;
      screen.write(`\r${what}: ${done.toLocaleString('en')}`);
    },
    end: () => {
      if (isShown) screen.write('\r\u001b[K');
    },
  };
}
