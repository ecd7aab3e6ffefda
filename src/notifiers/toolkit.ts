import { DeliveryError } from '../domain/errors.js';
import { alarmMessage, alarmTitle } from './alarm-text.js';
import { cutText, utf8Bytes } from './cut-text.js';
import { HttpNotifier, receiptOf2xx } from './http-notifier.js';
import { apiPlugin, below, speechOf, timeoutKey, urlPlugin } from './http-plugin.js';
import { HttpPost, httpDestination, parseHttpAddress } from './http-post.js';
import { refusal, statusText } from './http-status.js';
import { incidentKey } from './incident-key.js';
import { readJson, textIn } from './json-answer.js';
import { Section } from './section.js';

/**
 * What a notifier of a third party is handed, so that it needs no package of ours: the same parts that the built-in ones are made of.
 *
 * `urlPlugin` and `apiPlugin` make a whole plugin of a message; with `HttpPost` and `Section` one can be written by hand. Whatever `send`
 * throws should be a `DeliveryError`; anything else counts as outcome unknown, and is tried again.
 */
export const notifierToolkit = {
  DeliveryError,
  HttpNotifier,
  HttpPost,
  Section,
  alarmMessage,
  alarmTitle,
  apiPlugin,
  below,
  cutText,
  httpDestination,
  incidentKey,
  parseHttpAddress,
  readJson,
  receiptOf2xx,
  refusal,
  speechOf,
  statusText,
  textIn,
  timeoutKey,
  urlPlugin,
  utf8Bytes,
} as const;

export type NotifierToolkit = typeof notifierToolkit;
