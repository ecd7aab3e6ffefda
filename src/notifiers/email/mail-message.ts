import type { Alarm } from '../../domain/alarm.js';
import type { MessageTexts, TemplatePart } from '../../ports/notifier.js';
import { wellFormed } from '../cut-text.js';
import { mailHtml } from './html.js';
import { headerText, mailText } from './message.js';
import type { EmailSettings } from './settings.js';

/** What one mail says. `html` is an alternative to `text` for those who read it. */
export interface MailMessage {
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
}

export const emailParts: readonly TemplatePart[] = [
  { part: 'subject', format: 'text' },
  { part: 'text', format: 'text' },
  { part: 'html', format: 'html' },
];

/** The mail about an alarm: what templates wrote, and the built-in texts for the rest; HTML only where one of both asks for it. */
export function mailMessage(
  alarm: Alarm,
  texts: MessageTexts,
  { grafanaUrl, isHtml }: Pick<EmailSettings, 'grafanaUrl' | 'isHtml'>,
): MailMessage {
  const builtIn = mailText(alarm, grafanaUrl);
  const html = texts.html === undefined ? isHtml && mailHtml(alarm, grafanaUrl) : wellFormed(texts.html);
  return {
    subject: texts.subject === undefined ? builtIn.subject : headerText(texts.subject),
    text: texts.text === undefined ? builtIn.body : wellFormed(texts.text),
    ...(html === false ? {} : { html }),
  };
}
