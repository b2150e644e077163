import { ensureEngine, ensureImage, ensureRelayImage, type Suite } from '@postern/docker';

const suites: readonly Suite[] = ['trixie', 'bookworm'];
/** Images that several specs use, or that take long to make; what only one spec needs it makes itself. */
const shared = ['dns', 'browser', 'postgresql'];

/** Before the first integration test: an engine that answers, and the images, so that specs can run side by side. */
export default async function setup(): Promise<void> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  await ensureEngine();
  for (const suite of suites) await ensureRelayImage(suite);
  for (const name of shared) await ensureImage(name, 'trixie');
}
