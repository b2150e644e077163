export { ensureBaseImage, type Suite } from './base-image.ts';
export { docker, ensureEngine } from './engine.ts';
export { ensureImage } from './images.ts';
export { ensureRelayImage } from './relay-image.ts';
export { SetupError, step } from './progress.ts';
export { bundlePrograms } from './relay-bundle.ts';
