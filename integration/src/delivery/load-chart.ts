/** What one rate of messages did to a relay; times in milliseconds. */
export interface LoadPoint {
  readonly perMinute: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of the relay, and of the clients, which run on the same machine. */
  readonly cores: number;
  readonly clientCores: number;
  /** Which programs of the relay used most, greediest first. */
  readonly programs: readonly { readonly name: string; readonly cores: number }[];
}

const colours = { p50: '#2ca02c', p95: '#1f77b4', p99: '#d62728' } as const;

/** Both axes are logarithmic: rates double, and a queue that grows knows no measure. */
export function loadChart(points: readonly LoadPoint[], accounts: number): string {
  const top = Math.max(...points.map(({ p99 }) => p99), 1000);
  const first = points[0]?.perMinute ?? 1;
  const span = Math.log2((points.at(-1)?.perMinute ?? 2) / first) || 1;
  const x = (perMinute: number): string => (60 + (Math.log2(perMinute / first) / span) * 600).toFixed(1);
  const y = (ms: number): number => 340 - (Math.log10(Math.max(ms, 1)) / Math.log10(top)) * 300;
  const line = (name: keyof typeof colours): string[] => [
    `<polyline fill="none" stroke="${colours[name]}" points="${points.map((point) => `${x(point.perMinute)},${y(point[name]).toFixed(1)}`).join(' ')}"/>`,
    ...points.map(
      (point) =>
        `<text x="${x(point.perMinute)}" y="${(y(point[name]) - 4).toFixed(1)}" fill="${colours[name]}">${point[name].toFixed(0)}</text>`,
    ),
    `<text x="680" y="${(y(points.at(-1)?.[name] ?? 1) + 12).toFixed(1)}" fill="${colours[name]}">${name}</text>`,
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 390" font-family="sans-serif" font-size="11">
<title>One-way delivery under load</title>
<rect width="720" height="390" fill="white"/>
<text x="60" y="20">one-way delivery in milliseconds, against messages per minute; ${accounts} accounts, each with an idle client</text>
<line x1="60" x2="660" y1="${y(1000).toFixed(1)}" y2="${y(1000).toFixed(1)}" stroke="#999" stroke-dasharray="4"/>
${[...line('p50'), ...line('p95'), ...line('p99')].join('\n')}
${points.map(({ perMinute }) => `<text x="${x(perMinute)}" y="360">${perMinute}</text>`).join('\n')}
</svg>
`;
}
