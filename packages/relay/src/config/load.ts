import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { z } from 'zod';
import type { Config } from './config.ts';
import { configSchema } from './schema.ts';
import { masked } from './masking.ts';
import { nearest } from './nearest.ts';

/** The configuration cannot be used. The message names file, key, value and what to do; it is for people, not for logs. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Where the configuration is looked for when no path is given. */
export function defaultConfigPath(): string {
  return process.env['POSTERN_CONFIG'] ?? '/etc/postern/postern.toml';
}

/** Reads and checks the configuration file. @throws ConfigError */
export function loadConfig(path: string = defaultConfigPath()): Config {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const why = isMissing ? 'there is no such file' : String(cause);
    throw new ConfigError(
      `${path}: cannot be read: ${why}. Create it with at least one line, domain = "chat.example.org", or name another with --config.`,
      { cause },
    );
  }
  return parseConfig(text, path);
}

/** @param path only for messages. @throws ConfigError */
export function parseConfig(text: string, path: string): Config {
  let raw: unknown;
  try {
    raw = parse(text);
  } catch (cause) {
    if (cause instanceof TomlError) throw new ConfigError(`${path}, line ${cause.line}: ${cause.message}`, { cause });
    throw cause;
  }
  const result = configSchema.safeParse(renameKeys(raw, toCamel));
  if (result.success) return withHost(result.data, process.env['POSTERN_HOST']);
  throw new ConfigError(result.error.issues.map((issue) => `${path}: ${explain(issue, raw)}`).join('\n'), {
    cause: result.error,
  });
}

/** A machine's address can change from start to start, so whoever starts the relay may say it; the file's word counts more. */
function withHost(config: Config, host: string | undefined): Config {
  if (host === undefined || host === '' || config.reachable.host !== undefined) return config;
  return { ...config, reachable: { ...config.reachable, host } };
}

function explain(issue: z.core.$ZodIssue, raw: unknown): string {
  const path = issue.path.map((part) => toSnake(String(part)));
  if (issue.code === 'unrecognized_keys') {
    const key = [...path, toSnake(issue.keys[0] ?? '')].join('.');
    const meant = nearest(key, knownKeys());
    return `${key} is not a setting.${meant === undefined ? '' : ` Did you mean ${meant}?`}`;
  }
  const key = path.join('.');
  const value = path.reduce<unknown>((at, part) => (isTable(at) ? at[part] : undefined), raw);
  if (value === undefined && key === 'domain') return 'domain is missing. Add a line like domain = "chat.example.org".';
  const shown =
    value === undefined || isTable(value) ? key : `${key} = ${JSON.stringify(masked(path.at(-1) ?? '', value))}`;
  return `${shown}: ${issue.message}`;
}

/** Every key that exists, as written in the file. */
function knownKeys(): string[] {
  return keysOf(z.toJSONSchema(configSchema, { io: 'input' }), '');
}

function keysOf(schema: z.core.JSONSchema.BaseSchema, prefix: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, inner]) => {
    const key = `${prefix}${toSnake(name)}`;
    return typeof inner === 'object' && inner.properties !== undefined ? keysOf(inner, `${key}.`) : [key];
  });
}

function renameKeys(value: unknown, rename: (key: string) => string): unknown {
  if (!isTable(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [rename(key), renameKeys(inner, rename)]));
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function toCamel(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function toSnake(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
