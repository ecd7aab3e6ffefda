import type { Config } from '../config/config.js';
import type { Notification } from '../domain/notification.js';
import { alarmBody } from '../notifiers/alarm-body.js';
import { alarmMessage } from '../notifiers/alarm-text.js';
import { mailText } from '../notifiers/email/message.js';

/** What a person would read. `subject` where the type has one. */
export interface RenderedMessage {
  readonly subject: string | undefined;
  readonly body: string;
}

const longestText = 4_000;

/** The text of a notification in the words of its type. Pure, and touches nothing outside. */
export function renderedMessage(notification: Notification, sections: Config['notifierSections']): RenderedMessage {
  const { alarm, method } = notification;
  switch (method.type) {
    case 'email': {
      const grafanaUrl = sections.email?.grafana_url;
      return mailText(alarm, typeof grafanaUrl === 'string' ? grafanaUrl : undefined);
    }
    case 'webhook':
      return { subject: undefined, body: JSON.stringify(alarmBody(notification), undefined, 2) };
    default:
      return { subject: undefined, body: alarmMessage(alarm, longestText) };
  }
}
