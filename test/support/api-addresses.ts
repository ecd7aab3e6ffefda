/** An address of each type whose operator names one API; those of the other types by HTTP are URLs. Jira's lies below the URL of its API. */
export const apiAddresses: Readonly<Record<string, (url: string) => string>> = {
  pagerduty: () => 'KEY',
  jira: (url) => `${url}/?project=P`,
  opsgenie: () => 'KEY',
  telegram: () => '1',
  ntfy: () => 'topic',
  sms: () => '+491701234567',
};
