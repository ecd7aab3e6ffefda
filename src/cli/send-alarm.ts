import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import { ZookeeperOffsetStore } from '../adapters/zookeeper/offset-store.js';
import type { Config } from '../config/config.js';
import type { Alarm } from '../domain/alarm.js';
import { EngineError, isGivenUp } from '../domain/errors.js';
import { inDigest } from '../domain/event-facts.js';
import { positionText } from '../domain/position.js';
import { mysqlOptions } from '../engine/outside-options.js';
import type { OffsetStore } from '../ports/progress.js';
import { systemClock } from '../runtime/clock.js';
import { type AlarmToSend, alarmOptions, alarmToSend } from './alarm-to-send.js';
import { type Verdict, verdictOf } from './alarm-verdict.js';
import { askKafka, kafkaAway, openReader } from './ask-kafka.js';
import { printable } from './columns.js';
import { type Command, type CommandIo, configOption, jsonOption } from './command.js';
import { commandTelemetry } from './command-telemetry.js';
import { loadOrReport } from './configuration.js';
import { OutcomeWatch, type SeenOutcome } from './outcome-watch.js';
import { publishAlarm } from './publish-alarm.js';
import { secondsOption } from './seconds-option.js';
import { withZookeeper } from './with-zookeeper.js';

const waitMs = 60_000;
const kafkaLimitMs = 10_000;
const mysqlLimitMs = 5_000;
const lookEveryMs = 200;

/** Publishes one alarm and shows what becomes of it. */
export const command: Command = {
  options: {
    ...alarmOptions,
    timeout: { value: 'SECONDS', description: 'how long to wait for the outcomes (default 60)' },
    ...configOption,
    ...jsonOption,
  },
  async run(args, io) {
    const limitMs = secondsOption(args, 'timeout', waitMs);
    const alarm = alarmToSend(args, systemClock.nowMs());
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    if (alarm.problem !== undefined) io.err(`the engine will park this message: ${alarm.problem}`);
    const quiet = { ...io, out: () => undefined };
    const sent = await withZookeeper(loaded.config, commandTelemetry(), (keeper) =>
      sendAndWatch(loaded.config, alarm, {
        store: new ZookeeperOffsetStore(keeper, ''),
        limitMs,
        io: args.has('json') ? quiet : io,
      }),
    );
    io.out(args.has('json') ? JSON.stringify(documentOf(sent)) : printable(sent.verdict.text));
    return isWell(sent.verdict) ? 0 : 1;
  },
};

interface Sent {
  readonly at: string;
  readonly seen: readonly SeenOutcome[];
  readonly verdict: Verdict;
}

interface Around {
  readonly store: OffsetStore;
  readonly limitMs: number;
  readonly io: CommandIo;
}

async function sendAndWatch(config: Config, alarm: AlarmToSend, { store, limitMs, io }: Around): Promise<Sent> {
  const { alarmTopic, notificationTopic, notificationRetryTopic, deadLetterTopic } = config.kafka;
  const asked = { limitMs: kafkaLimitMs, what: `the end of topic ${alarmTopic}` };
  const ends = await askKafka(config, asked, (first, signal) => first.logEnds(alarmTopic, signal));
  if (ends.size === 0) throw missingTopic(alarmTopic);
  const reader = openReader(config);
  const limit = systemClock.limit(limitMs);
  const seen: SeenOutcome[] = [];
  let isFinished = false;
  try {
    const topics = [notificationTopic, notificationRetryTopic, deadLetterTopic];
    const giveUp = (error: unknown): never => {
      if (!isGivenUp(error)) throw error;
      throw kafkaAway(config, { limitMs, what: 'the publication of the alarm, which may still come' }, error);
    };
    const watch = await OutcomeWatch.begin(reader, store, topics, limit.signal).catch(giveUp);
    const landed = await publishAlarm(config, alarm, { reader, ends }, limit.signal).catch(giveUp);
    io.out(`${alarm.alarm?.alarmId ?? 'message'} published to ${positionText(landed)}`);
    const tell = (outcome: SeenOutcome) => {
      seen.push(outcome);
      io.out(printable(lineOf(outcome)));
    };
    const deadlineAtMs = systemClock.nowMs() + limitMs;
    while (!limit.signal.aborted) {
      const isPassed = await watch.look(landed, limit.signal, tell).catch(falseWhenAborted);
      isFinished ||= isPassed;
      if (isFinished && isSettled(seen, deadlineAtMs)) break;
      await systemClock.sleep(lookEveryMs, limit.signal);
    }
    const verdict = verdictOf({
      ...{ isFinished, seen, alarm: alarm.alarm, offset: landed.offset, committed: watch.committed },
      ...{ nowMs: systemClock.nowMs(), alarmTtlMs: config.processors.alarmTtlMs, waitedMs: limitMs },
      digestCount: isFinished && alarm.alarm !== undefined ? await digestCountOf(config, alarm.alarm) : 0,
    });
    return { at: positionText(landed), seen, verdict };
  } finally {
    limit.clear();
    await reader.close();
  }
}

function isWell({ result }: Verdict): boolean {
  return result === 'all_sent' || result === 'digested';
}

/** Asks as the engine did; 0 when MySQL cannot be asked from here, which is no failure of the alarm. */
async function digestCountOf(config: Config, alarm: Alarm): Promise<number> {
  if (!alarm.actionsEnabled || inDigest(alarm).leftOut !== undefined) return 0;
  const telemetry = commandTelemetry();
  const directory = new MysqlMethodDirectory(mysqlOptions(config), { clock: systemClock, telemetry });
  const limit = systemClock.limit(mysqlLimitMs);
  try {
    return (await directory.askedFor(alarm, limit.signal)).digest.length;
  } catch (error) {
    if (error instanceof EngineError) return 0;
    throw error;
  } finally {
    limit.clear();
    await directory.close();
  }
}

/** False while a retry is due before the deadline: the engine has finished the alarm, but not the telling. */
function isSettled(seen: readonly SeenOutcome[], deadlineAtMs: number): boolean {
  const last = new Map(seen.map((outcome) => [outcome.id, outcome]));
  return ![...last.values()].some(
    ({ outcome, notBeforeMs }) => outcome === 'retrying' && (notBeforeMs ?? 0) < deadlineAtMs,
  );
}

/** The time is over: what was seen before counts. */
function falseWhenAborted(error: unknown): false {
  if (isGivenUp(error)) return false;
  throw error;
}

function lineOf({ methodType, methodName, outcome, tookMs, reason, detail, notBeforeMs }: SeenOutcome): string {
  const why = [reason, detail].filter((text) => text !== undefined).join(': ');
  const next = notBeforeMs === undefined ? '' : `, again at ${new Date(notBeforeMs).toISOString()}`;
  const line = `${methodType.padEnd(10)} ${methodName.padEnd(24)} ${outcome.padEnd(10)} ${`${tookMs} ms`.padStart(9)}  ${why}${next}`;
  return line.trimEnd();
}

function documentOf({ at, seen, verdict }: Sent): object {
  const notifications = seen.map((one) => ({
    notification_id: one.id,
    method_id: one.methodId,
    method_type: one.methodType,
    method_name: one.methodName,
    outcome: one.outcome,
    reason: one.reason,
    detail: one.detail,
    not_before: one.notBeforeMs,
    took_ms: one.tookMs,
  }));
  return { position: at, result: verdict.result, text: verdict.text, notifications };
}

function missingTopic(topic: string): EngineError {
  const text = `topic ${topic} does not exist in Kafka; create it, or correct kafka.alarm_topic`;
  return new EngineError('STORE_UNAVAILABLE', text, { retriable: false });
}
