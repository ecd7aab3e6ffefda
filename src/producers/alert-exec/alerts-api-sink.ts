import type { Announcement, AnnouncementSink, Receipt } from '../announcement.js';
import type { AlertsClient } from './alerts-client.js';

/** Tells the alerts server itself: `/resolve` for the end, `/notify` for all else. Remembers nothing over runs. */
export class AlertsApiSink implements AnnouncementSink {
  /** Two requests on two connections may overtake each other. */
  readonly keepsOrder = false;
  readonly #client: AlertsClient;
  readonly #timeoutOf: (key: string) => number;

  /** `timeoutOf` is the time limit of one request for an alert. */
  constructor(client: AlertsClient, timeoutOf: (key: string) => number) {
    this.#client = client;
    this.#timeoutOf = timeoutOf;
  }

  async deliver({ alarm, finding }: Announcement, signal: AbortSignal): Promise<Receipt> {
    const timeoutMs = this.#timeoutOf(alarm.key);
    const result =
      finding.status === 'OK'
        ? await this.#client.resolve(alarm.name, timeoutMs, signal)
        : await this.#client.notify(alarm.name, finding.reason, timeoutMs, signal);
    return result.kind === 'done' ? { outcome: 'accepted' } : { outcome: result.kind, cause: result.cause };
  }

  remembered(): undefined {}

  rememberedKeys(): readonly string[] {
    return [];
  }

  forget(): void {}

  async close(): Promise<void> {}
}
