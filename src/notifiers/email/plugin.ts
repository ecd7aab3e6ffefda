import { isIP } from 'node:net';
import { Secret } from '../../domain/secret.js';
import type { NotifierPlugin, PreviewPiece, SectionKey, SectionProblem } from '../../ports/notifier.js';
import { readPemFile } from '../pem-file.js';
import { Section } from '../section.js';
import { isMailbox } from './address.js';
import { emailParts, type MailMessage, mailMessage } from './mail-message.js';
import { EmailNotifier } from './notifier.js';
import type { EmailSettings } from './settings.js';

const keys: readonly SectionKey[] = [
  { key: 'server', type: 'text', default: undefined, description: 'host name or address of the mail relay' },
  {
    key: 'port',
    type: 'whole',
    default: 25,
    minimum: 1,
    maximum: 65_535,
    description: 'its port; 465 means TLS from the first byte',
  },
  { key: 'user', type: 'text', default: undefined, description: 'login name; login only with a password too' },
  { key: 'password', type: 'secret', default: undefined, description: 'password of the login' },
  { key: 'from_addr', type: 'text', default: undefined, description: 'sender, in envelope and From' },
  {
    key: 'timeout',
    type: 'seconds',
    default: 60,
    minimum: 0.1,
    maximum: 600,
    description: 'seconds in total for one mail, waiting for a connection included',
  },
  {
    key: 'starttls',
    type: 'choice',
    choices: ['auto', 'required', 'never'],
    default: 'auto',
    description: 'auto: required with a login, used when offered without one; never: in clear',
  },
  {
    key: 'ca_file',
    type: 'text',
    default: undefined,
    description: 'PEM file with the authority that signed the relay’s certificate; with it STARTTLS is required',
  },
  { key: 'grafana_url', type: 'text', default: undefined, description: 'base URL for links to Grafana in mails' },
  { key: 'html', type: 'boolean', default: false, description: 'an HTML part beside the plain text' },
  {
    key: 'rate',
    type: 'number',
    default: undefined,
    minimum: 0.001,
    maximum: 100_000,
    description: 'mails per second that the relay is given, with bursts of five seconds; absent: any number',
  },
];

function isHost(text: string): boolean {
  return isIP(text) !== 0 || /^[a-z0-9]([a-z0-9._-]{0,251}[a-z0-9])?\.?$/i.test(text);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:\/\/[^\s]+$/.test(text);
}

function starttlsOf(text: string | undefined): EmailSettings['starttls'] {
  return text === 'required' || text === 'never' ? text : 'auto';
}

function check(settings: EmailSettings): readonly SectionProblem[] {
  const problems: SectionProblem[] = [];
  const { grafanaUrl } = settings;
  if (!isHost(settings.server)) problems.push({ key: 'server', problem: 'expected a host name or address' });
  if (!isMailbox(settings.fromAddress)) {
    problems.push({ key: 'from_addr', problem: 'expected a plain address such as monitoring@example.com' });
  }
  if (grafanaUrl !== undefined && !isHttpUrl(grafanaUrl)) {
    problems.push({ key: 'grafana_url', problem: 'expected an http or https URL' });
  }
  return problems;
}

function warningsOf(settings: EmailSettings): readonly string[] {
  const isClear = settings.starttls === 'never' && settings.port !== 465;
  return isClear && settings.login !== undefined
    ? ['notification_types.email.starttls: never sends user and password in clear']
    : [];
}

function previewOf({ subject, text, html }: MailMessage): readonly PreviewPiece[] {
  const pieces = [
    { name: 'subject', text: subject },
    { name: 'text', text },
  ];
  return html === undefined ? pieces : [...pieces, { name: 'html', text: html }];
}

/** Type `email`: the address is one mailbox. Needs a relay and a sender. */
export const emailPlugin: NotifierPlugin = {
  type: 'email',
  keys,
  parts: emailParts,
  configure(section) {
    const values = new Section(keys, section);
    const server = values.text('server');
    const fromAddress = values.text('from_addr');
    if (values.problems.length > 0) return { kind: 'wrong', problems: values.problems };
    if (server === undefined || fromAddress === undefined) {
      const missing = [server === undefined ? 'server' : '', fromAddress === undefined ? 'from_addr' : ''];
      const names = missing.filter((key) => key !== '').map((key) => `notification_types.email.${key}`);
      return { kind: 'unconfigured', detail: `mail is not configured: ${names.join(' and ')} missing` };
    }
    const user = values.text('user');
    const password = values.text('password');
    const settings: EmailSettings = {
      server,
      port: values.number('port'),
      login: user === undefined || password === undefined ? undefined : { user, password: new Secret(password) },
      fromAddress,
      timeoutMs: values.number('timeout') * 1000,
      starttls: starttlsOf(values.text('starttls')),
      caFile: values.text('ca_file'),
      grafanaUrl: values.text('grafana_url')?.replace(/\/$/, ''),
      isHtml: values.boolean('html'),
      ratePerSecond: values.number('rate') || undefined,
    };
    const problems = check(settings);
    if (problems.length > 0) return { kind: 'wrong', problems };
    return {
      kind: 'ready',
      warnings: warningsOf(settings),
      open: (deps) =>
        new EmailNotifier(settings, deps, readPemFile(settings.caFile, 'notification_types.email.ca_file')),
      preview: ({ alarm }, texts) => previewOf(mailMessage(alarm, texts, settings)),
    };
  },
};
