import type { NotifierPlugin } from '../ports/notifier.js';

/** The notifiers whose sections the configuration may hold. */
export const notifierPlugins: readonly NotifierPlugin[] = [];
