/** A value, or the promise of one. Most handlers answer at once, and then nothing waits. */
export type Eventual<T> = T | Promise<T>;

export function isPromise<T>(value: Eventual<T>): value is Promise<T> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

/** Goes on with a value, at once when it is there. */
export function after<T, R>(value: Eventual<T>, goOn: (value: T) => Eventual<R>): Eventual<R> {
  return isPromise(value) ? value.then((settled) => goOn(settled)) : goOn(value);
}
