import type { HeaderEvent } from '@postern/milter';

/** RFC 1870 §3: what the client says its message will have; nothing when it says nothing, or no number. */
export function declaredSize(parameters: readonly string[]): number {
  const value = parameters
    .map((parameter) => /^SIZE=(\d{1,12})$/i.exec(parameter)?.[1])
    .find((size) => size !== undefined);
  return value === undefined ? 0 : Number(value);
}

/** Most messages are smaller than this. */
export const usualBytes = 65_536;

/** How many bytes a field has in the message: the colon and the line end with it. */
export function headerSize({ rawName, rawValue }: HeaderEvent): number {
  return rawName.length + rawValue.length + ': \r\n'.length;
}
