import type { Readiness } from './readiness.js';
import type { StatusDocument } from './status-document.js';

/** What the admin endpoint may know of the engine. Every answer is made from what main has in memory: nothing outside is asked. */
export interface EngineView {
  status(): StatusDocument;
  /** One scrape in the Prometheus text format. */
  metricsText(): Promise<string>;
  /** Not ok only when a restart would help: nothing about outside systems. */
  health(): { readonly ok: boolean; readonly reasons: readonly string[] };
  ready(): Readiness;
}
