import type { ConfiguredNotifier, NotifierPlugin } from '../../../src/ports/notifier.js';

const ready: Extract<ConfiguredNotifier, { kind: 'ready' }> = {
  kind: 'ready',
  warnings: [],
  open: () => {
    throw new Error('nothing is sent in these tests');
  },
};

/** A notifier that needs a server and refuses one named `refused`; records the sections that it was given. */
export class FakeMailPlugin implements NotifierPlugin {
  readonly type = 'email';
  readonly keys = [
    { key: 'server', type: 'text', default: undefined, description: 'host of the relay' },
    { key: 'port', type: 'whole', default: 25, minimum: 1, maximum: 65535, description: 'port of the relay' },
    { key: 'user', type: 'text', default: undefined, description: 'login' },
    { key: 'password', type: 'secret', default: undefined, description: 'password of the login' },
    { key: 'from_addr', type: 'text', default: undefined, description: 'sender' },
    { key: 'timeout', type: 'seconds', default: 60, minimum: 0.1, maximum: 600, description: 'limit of one mail' },
    { key: 'starttls', type: 'choice', choices: ['auto', 'never'], default: 'auto', description: 'how to encrypt' },
  ] as const;
  readonly seen: (Readonly<Record<string, unknown>> | undefined)[] = [];

  configure(section: Readonly<Record<string, unknown>> | undefined): ConfiguredNotifier {
    this.seen.push(section);
    if (section?.server === undefined) return { kind: 'unconfigured', detail: 'no server' };
    if (section.server === 'refused') {
      return { kind: 'wrong', problems: [{ key: 'server', problem: 'expected another host' }] };
    }
    return section.starttls === 'never' ? { ...ready, warnings: ['mails travel in clear'] } : ready;
  }
}

/** A notifier that needs nothing. */
export const fakeWebhookPlugin: NotifierPlugin = {
  type: 'webhook',
  keys: [
    { key: 'timeout', type: 'seconds', default: 5, minimum: 0.1, maximum: 300, description: 'limit of one request' },
    { key: 'verify', type: 'boolean', default: true, description: 'check certificates' },
  ],
  configure: () => ready,
};
