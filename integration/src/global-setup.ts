import { ensureBaseImage, ensureEngine, ensureImage, ensureRelayImage } from '@postern/docker';

/** Images that several specs use, or that take long to make; what only one spec needs it makes itself. */
const shared = ['dns', 'browser', 'postgresql'];

/** Before the first integration test: an engine that answers, and the images, so that specs can run side by side. */
export default async function setup(): Promise<void> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  await ensureEngine();
  // Alone, since it may have to install debootstrap; the rest can be made side by side.
  await ensureBaseImage('trixie');
  await Promise.all([ensureRelayImage('bookworm'), makeTrixieImages()]);
}

async function makeTrixieImages(): Promise<void> {
  await ensureRelayImage('trixie');
  for (const name of shared) await ensureImage(name, 'trixie');
}
