import { ensureBaseImage, ensureEngine, ensureImage, ensureRelayImage } from '@postern/docker';

/** All images, those first that others are made on, or that take long. */
const images: readonly (() => Promise<string>)[] = [
  () => ensureRelayImage('bookworm'),
  () => ensureRelayImage('trixie'),
  ...['browser', 'notify', 'sendmail', 'postgresql', 'milter-tools', 'dns'].map(
    (name) => () => ensureImage(name, 'trixie'),
  ),
  ...['notify', 'sendmail'].map((name) => () => ensureImage(name, 'bookworm')),
];
const atOnce = 2;

/** Before the first integration test: an engine that answers, and all images, so that no two specs make the same one. */
export default async function setup(): Promise<void> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] = 'true';
  await ensureEngine();
  // Alone, since it may have to install debootstrap.
  await ensureBaseImage('trixie');
  const next = images.values();
  const makeWhatIsNext = async (): Promise<void> => {
    for (const make of next) await make();
  };
  await Promise.all(Array.from({ length: atOnce }, makeWhatIsNext));
}
