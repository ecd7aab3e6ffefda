import type { NotifierPlugin, SectionKey } from '../../ports/notifier.js';
import { alarmBody } from '../alarm-body.js';
import { previewOfBody } from '../http-notifier.js';
import { HttpPost } from '../http-post.js';
import { Section } from '../section.js';
import { WebhookNotifier, webhookParts } from './notifier.js';
import { readSecrets } from './signature.js';

const keys: readonly SectionKey[] = [
  {
    key: 'timeout',
    type: 'seconds',
    default: 5,
    minimum: 0.1,
    maximum: 300,
    description: 'seconds in total for one POST: name, connection, request and answer',
  },
  {
    key: 'secret',
    type: 'secret',
    default: undefined,
    description:
      'signs every POST as Standard Webhooks asks: whsec_ and base64 of 24 to 64 bytes; several with blanks between',
  },
];

/** Type `webhook`: the address is the URL that the alarm is posted to. Works without a section of its own. */
export const webhookPlugin: NotifierPlugin = {
  type: 'webhook',
  keys,
  parts: webhookParts,
  configure(section) {
    const values = new Section(keys, section);
    if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
    const timeoutMs = values.number('timeout') * 1000;
    const secrets = readSecrets(values.text('secret') ?? '');
    if (secrets === undefined) {
      const problem = 'expected whsec_ and base64 of 24 to 64 bytes; several with blanks between';
      return { kind: 'wrong', problems: [{ key: 'secret', problem }] };
    }
    return {
      kind: 'ready',
      warnings: [],
      open: ({ clock, http, senders }) =>
        new WebhookNotifier(new HttpPost({ clock, rules: http, senders, timeoutMs }), clock, secrets),
      preview: (notification, { body }) =>
        body === undefined ? previewOfBody(alarmBody(notification)) : [{ name: 'body', text: body }],
    };
  },
};
