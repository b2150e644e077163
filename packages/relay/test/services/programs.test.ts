import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { environmentOf } from '../../src/services/programs.ts';

const service = new URL('../../src/services/auth-service.ts', import.meta.url).href;

describe('the auth service', () => {
  it('keeps the options that an operator gives Node.js, and adds its own', () => {
    const env = environmentOf('auth', { NODE_OPTIONS: '--no-warnings' });
    expect(env['NODE_OPTIONS']).toBe('--no-warnings --max-semi-space-size=4');
    expect(environmentOf('web')).toEqual({});
    const program = 'console.log(v8.getHeapSpaceStatistics().length > 0, process.env.MALLOC_MMAP_THRESHOLD_)';
    const output = execFileSync(process.execPath, ['--eval', program], { env: { ...process.env, ...env } });
    expect(output.toString()).toBe('true 1048576\n');
  });

  it('has in memory neither the driver of a database that nobody asked for nor a second HTTP client', () => {
    const program = `
      await import(${JSON.stringify(service)});
      const { _cache } = process.getBuiltinModule('node:module').Module;
      const loaded = [...process.moduleLoadList, ...Object.keys(_cache)];
      console.log(loaded.some((name) => /better-sqlite3/.test(name)), loaded.filter((name) => /deps.undici|modules.pg\\b/.test(name)));`;
    const args = ['--conditions=@postern/source', '--input-type=module', '--eval', program];
    expect(execFileSync(process.execPath, args).toString()).toBe('true []\n');
  });
});
