import { revealedSections } from '../config/revealed.js';
import type { Alarm } from '../domain/alarm.js';
import { DeliveryError } from '../domain/errors.js';
import { type Notification, type NotificationMethod, notificationId } from '../domain/notification.js';
import { Secret } from '../domain/secret.js';
import { openNotifiers, registerPlugins } from '../notifiers/registry.js';
import type { Notifier } from '../ports/notifier.js';
import { systemClock, systemRandom } from '../runtime/clock.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { withTemplates } from '../templates/templated-notifier.js';
import {
  type Command,
  type CommandArguments,
  type CommandIo,
  configOption,
  jsonOption,
  UsageError,
} from './command.js';
import { loadOrReport, type Valid } from './configuration.js';
import { methodById } from './method-by-id.js';
import { templateSetOf } from './previews.js';

const stderrFd = 2;
/** The notifiers' own limits end a send; this one is for a notifier that breaks its word. */
const sendTimeoutMs = 700_000;

/** Sends one real notification through the real notifier. Exit code 0 only when the receiver took it. */
export const command: Command = {
  options: {
    ...configOption,
    ...jsonOption,
    method: { value: 'ID', description: 'notification method in the database to send to' },
    type: { value: 'TYPE', description: 'notifier to use, with --address' },
    address: { value: 'ADDRESS', description: 'where to send to, with --type' },
    state: { value: 'STATE', description: 'state that the test alarm changes to (default ALARM)' },
  },
  async run(args, io) {
    const wanted = wantedOf(args);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const log = { ...loaded.config.log, level: 'warn' } as const;
    const sink = openLineSink(stderrFd);
    const telemetry = createTelemetry({ process: 'test-notification', log, sink, clock: systemClock });
    try {
      const method = 'id' in wanted ? await methodById(wanted.id, loaded.config, telemetry) : wanted.method;
      const result =
        method === undefined
          ? unsendable('no such notification method; check the id, and mysql.db')
          : await sendTo(method, args.text('state') ?? 'ALARM', loaded, telemetry);
      if (args.has('json')) io.out(JSON.stringify(result));
      else tell(result, io);
      return result.sent ? 0 : 1;
    } finally {
      telemetry.close();
    }
  },
};

/** What became of the send; with `--json` this is the document. */
type Result =
  | {
      readonly sent: true;
      readonly type: string;
      readonly destination: string;
      readonly answer: string;
      readonly remote_id: string | undefined;
      readonly notification_id: string;
    }
  | {
      readonly sent: false;
      /** Undefined: nothing went out. */
      readonly failure: string | undefined;
      readonly detail: string;
      readonly answer: string | undefined;
      /** Whether the engine would try it again; undefined where it would not even try. */
      readonly retriable: boolean | undefined;
    };

function unsendable(detail: string): Result {
  return { sent: false, failure: undefined, detail, answer: undefined, retriable: undefined };
}

function tell(result: Result, io: CommandIo): void {
  if (result.sent) {
    io.out(`sent by ${result.type} to ${result.destination}`);
    io.out(`answer: ${result.answer}`);
    if (result.remote_id !== undefined) io.out(`the receiver's id: ${result.remote_id}`);
    io.out(`notification id: ${result.notification_id}; if nothing arrives, search for it in the receiver's log`);
    return;
  }
  const { failure, detail, answer, retriable } = result;
  io.out(failure === undefined ? detail : `not sent (${failure}): ${detail}`);
  if (answer !== undefined) io.out(`answer: ${answer}`);
  if (retriable !== undefined) {
    io.out(retriable ? 'the engine would try this again' : 'the engine would park this as dead');
  }
}

function wantedOf(args: CommandArguments): { readonly id: string } | { readonly method: NotificationMethod } {
  const id = args.text('method');
  const type = args.text('type');
  const address = args.text('address');
  if (id !== undefined && type === undefined && address === undefined) return { id };
  if (id !== undefined || type === undefined || address === undefined) {
    throw new UsageError('expected either --method, or --type and --address');
  }
  const place = { id: 'command-line', name: 'command line', periodMs: 0 };
  return { method: { ...place, type: type.toLowerCase(), address: new Secret(address) } };
}

async function sendTo(
  method: NotificationMethod,
  state: string,
  loaded: Valid,
  telemetry: ProcessTelemetry,
): Promise<Result> {
  const { config, plugins } = loaded;
  const enabled = [...registerPlugins(plugins)].filter(([type]) => config.enabledTypes.includes(type));
  const notifiers = openNotifiers(
    new Map(enabled.filter(([type]) => type === method.type)),
    revealedSections(config.notifierSections),
    { logger: telemetry.pluginLogger({}), clock: systemClock, random: systemRandom, http: config.http, senders: 1 },
  );
  const notifier = withTemplates(notifiers.open, templateSetOf(loaded, method.type), telemetry).get(method.type);
  if (notifier === undefined) {
    const why = notifiers.unconfigured.get(method.type) ?? 'no notifier of this type is enabled';
    return unsendable(`not sent: ${method.type}: ${why}; see notification_types.enabled`);
  }
  try {
    return await sendOnce(notifier, testNotification(method, state));
  } finally {
    await notifier.close();
  }
}

async function sendOnce(notifier: Notifier, notification: Notification): Promise<Result> {
  const { method, id } = notification;
  const limit = systemClock.limit(sendTimeoutMs);
  try {
    const { wire, remoteId } = await notifier.send(notification, limit.signal);
    const destination = notifier.destinationOf(method);
    return { sent: true, type: method.type, destination, answer: wire, remote_id: remoteId, notification_id: id };
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error;
    const { failure, message, wire, retriable } = error;
    return { sent: false, failure, detail: message, answer: wire, retriable };
  } finally {
    limit.clear();
  }
}

/** An alarm that never was, under an id of its own each time: a receiver that drops repeats must not drop a test. */
function testNotification(method: NotificationMethod, newState: string): Notification {
  const nowMs = systemClock.nowMs();
  const position = { topic: 'test-notification', partition: 0, offset: BigInt(nowMs) };
  const fields = {
    alarmId: 'test-notification',
    alarmName: 'Test of mon-notification',
    alarmDescription: 'Sent by mon-notification test-notification',
    tenantId: 'test-notification',
    oldState: newState === 'OK' ? 'ALARM' : 'OK',
    newState,
    stateChangeReason: 'This is a test: no alarm has changed its state',
    severity: 'LOW',
    metrics: [],
    actionsEnabled: true,
  };
  const alarm: Alarm = {
    ...fields,
    position,
    alarmDefinitionId: undefined,
    link: undefined,
    lifecycleState: undefined,
    changedAtMs: nowMs,
    recordedAtMs: nowMs,
    rawAlarm: JSON.stringify({ ...fields, timestamp: nowMs }),
  };
  return { position, id: notificationId(position, method.id), alarm, method, attempt: 1, repeat: 0 };
}
