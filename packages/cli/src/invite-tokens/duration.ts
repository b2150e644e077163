const secondsOf = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** `90m`, `12h`, `7d`, `2w` in seconds; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const match = /^([1-9]\d{0,4})([mhdw])$/.exec(text);
  const unit = match?.[2];
  if (unit !== 'm' && unit !== 'h' && unit !== 'd' && unit !== 'w') return undefined;
  return Number(match?.[1]) * secondsOf[unit];
}
