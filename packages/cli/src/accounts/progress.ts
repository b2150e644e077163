const everyMs = 500;

/** Shows how far long work is, on standard error when that is a terminal. */
export function progress(what: string): { readonly report: (done: number) => void; readonly end: () => void } {
  let shownAt = performance.now();
  let isShown = false;
  return {
    report: (done) => {
      if (!process.stderr.isTTY || performance.now() - shownAt < everyMs) return;
      shownAt = performance.now();
      isShown = true;
      process.stderr.write(`\r${what}: ${done.toLocaleString('en')}`);
    },
    end: () => {
      if (isShown) process.stderr.write('\r\u001b[K');
    },
  };
}
