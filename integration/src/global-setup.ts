import { ensureEngine } from '@postern/docker';

/** Before the first integration test: an engine that answers. Images are made by the specs that need them. */
export default async function setup(): Promise<void> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  await ensureEngine();
}
