/** The types forbid it; nobody would read it, or, where answers are not saved, somebody would. */
export function checkObserved(returned: unknown): undefined {
  if (typeof returned === 'object' && returned !== null && 'kind' in returned) {
    throw new TypeError('an observer returned a verdict, which nobody waits for');
  }
}
