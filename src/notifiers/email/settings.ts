import type { Secret } from '../../domain/secret.js';

/** The relay and the sender, checked. */
export interface EmailSettings {
  readonly server: string;
  readonly port: number;
  /** Both or neither: half a credential is no login. */
  readonly login: { readonly user: string; readonly password: Secret } | undefined;
  readonly fromAddress: string;
  readonly timeoutMs: number;
  readonly starttls: 'auto' | 'required' | 'never';
  readonly caFile: string | undefined;
  readonly grafanaUrl: string | undefined;
  /** An HTML part beside the plain text. */
  readonly isHtml: boolean;
  readonly ratePerSecond: number | undefined;
}

/** How the connection to the relay is protected. */
export type Protection =
  /** TLS from the first byte, as port 465 wants it. */
  | 'tls'
  /** STARTTLS or no mail. */
  | 'required'
  /** STARTTLS if offered, whoever offers it: without it the mail would go in clear, so an unknown certificate takes nothing away. */
  | 'opportunistic'
  | 'clear';

/** What `starttls` and `port` ask for; `auto` insists on TLS as soon as there is a password to lose, or a `ca_file` to check against. */
export function protectionOf(settings: Pick<EmailSettings, 'port' | 'starttls' | 'login' | 'caFile'>): Protection {
  if (settings.port === 465) return 'tls';
  switch (settings.starttls) {
    case 'required':
      return 'required';
    case 'never':
      return 'clear';
    case 'auto':
      return settings.login === undefined && settings.caFile === undefined ? 'opportunistic' : 'required';
    default:
      return settings.starttls satisfies never;
  }
}
