import type { Secret } from './secret.js';

/** One thing that is checked over HTTP, as the file of endpoints describes it. */
export interface Endpoint {
  /** Place in the file, from 1. */
  readonly number: number;
  /** For people; several may share one. */
  readonly name: string;
  /** Upper case. */
  readonly method: string;
  /** Absolute, http or https, without user and password. */
  readonly url: string;
  /** Host name as `URL.hostname` gives it: lower case, punycode, IPv6 in brackets. Availability is counted by it. */
  readonly domain: string;
  /** User and password of the URL as the value of an `Authorization` header. */
  readonly authorization: Secret | undefined;
  /** As written and in that order. Values hold the bytes of the file, one character for each byte. */
  readonly headers: readonly EndpointHeader[];
  /** Sent as it is. */
  readonly body: Secret | undefined;
}

export interface EndpointHeader {
  readonly name: string;
  readonly value: Secret;
}
