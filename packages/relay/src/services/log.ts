/** One named event with its facts. Facts are counts, kinds and connection numbers: never an address, an IP or a subject. */
export type Log = (event: string, facts?: Readonly<Record<string, string | number | boolean | undefined>>) => void;

/** Writes one line per event, `name key=value …`, to standard error, where the service manager collects it. */
export function createLog(service: string, write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  return (event, facts = {}) => {
    const pairs = Object.entries(facts)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => `${key}=${quoted(String(value))}`);
    write(`${[service, event, ...pairs].join(' ')}\n`);
  };
}

function quoted(value: string): string {
  return /^[\w.:/+-]+$/.test(value) ? value : JSON.stringify(value);
}
