/**
 * A setting's value as it may be shown to others, in a terminal or a log: without the secret that it is, or holds.
 *
 * @param key the setting's own name, as in the file or as in the configuration.
 */
export function masked(key: string, value: unknown): unknown {
  if (key === 'turn_secret' || key === 'turnSecret') return '…';
  if (key !== 'url' || typeof value !== 'string') return value;
  // Up to the last @: whoever writes a password with an @ in it means all of it.
  return value.replace(/(?<=^[^:]*:\/*[^:@/]*:).*(?=@)/, '…').replace(/(?<=[?&][a-z]*password=)[^&#]*/gi, '…');
}
