import { systemClock } from '../runtime/clock.js';
import { printable } from './columns.js';
import { type Command, configOption, jsonOption, UsageError } from './command.js';
import { loadOrReport } from './configuration.js';
import { scanLimitMs, scanTimeoutOption } from './dead-letters-list.js';
import type { HistoryEvent } from './history-event.js';
import { HistorySearch } from './history-search.js';
import { scanTopics } from './scan-topics.js';
import { secondsOption } from './seconds-option.js';
import { timeOption, timeText } from './time-option.js';

const defaultSpanMs = 86_400_000;
const eventCapacity = 10_000;

/** Tells from the topics what happened: published, sent, retried, parked, replayed, when and why. */
export const command: Command = {
  options: {
    alarm: { value: 'ID', description: 'what happened to this alarm' },
    method: { value: 'ID', description: 'what was sent to this notification method' },
    id: { value: 'ID', description: 'what happened to this notification, alarm, event of a producer or message' },
    since: { value: 'TIME', description: 'since then (default 24h): 1h, 7d, 2026-03-01T12:00:00Z' },
    ...scanTimeoutOption,
    ...configOption,
    ...jsonOption,
  },
  async run(args, io) {
    const nowMs = systemClock.nowMs();
    const given = timeOption(args, 'since', nowMs);
    const wanted = { alarmId: args.text('alarm'), methodId: args.text('method'), id: args.text('id') };
    const isAsked = given !== undefined || Object.values(wanted).some((text) => text !== undefined);
    if (!isAsked) throw new UsageError('say what to look for: --alarm ID, --method ID, --id ID or --since TIME');
    const limitMs = secondsOption(args, 'timeout', scanLimitMs);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const { alarmTopic, notificationTopic, notificationRetryTopic, deadLetterTopic } = loaded.config.kafka;
    const sinceMs = given ?? nowMs - defaultSpanMs;
    const search = new HistorySearch(wanted, eventCapacity);
    const outputs = [notificationTopic, notificationRetryTopic, deadLetterTopic];
    await scanTopics(loaded.config, { topics: [...outputs, alarmTopic], sinceMs, limitMs }, io, (record) =>
      record.topic === alarmTopic ? search.sawAlarm(record) : search.sawOutput(record),
    );
    const { events } = search;
    if (args.has('json')) {
      const documents = events.map(eventDocument);
      io.out(JSON.stringify({ since: sinceMs, until: nowMs, is_cut: search.isCut, events: documents }));
    } else for (const event of events) io.out(printable(lineOf(event)));
    const bound = given === undefined ? ', the default: --since reads further back' : '';
    const count = events.length === 1 ? 'one event' : `${events.length === 0 ? 'no' : events.length} events`;
    io.err(`${count} since ${timeText(sinceMs)}${bound}`);
    if (search.isCut) io.err(`there is more: these are the newest ${eventCapacity}; narrow the search`);
    return 0;
  },
};

function lineOf(event: HistoryEvent): string {
  const { atMs, what, type, methodName, methodId, alarmName, alarmId, state, repeat = 0, attempt, notBeforeMs } = event;
  const whom = type === undefined ? (methodId ?? '') : `${type} ${JSON.stringify(methodName)} (${methodId})`;
  const alarm = alarmName === undefined ? (alarmId ?? '') : `${state} ${JSON.stringify(alarmName)} (alarm ${alarmId})`;
  const next = notBeforeMs === undefined ? '' : `again at ${timeText(notBeforeMs)}`;
  const why = [event.reason, event.detail, next].filter((text) => text !== undefined && text !== '').join(', ');
  const count = [
    repeat > 0 ? `repeat ${repeat}` : '',
    attempt !== undefined && attempt > 1 ? `attempt ${attempt}` : '',
  ].filter((text) => text !== '');
  const parts = [timeText(atMs), what.padEnd(10), whom, alarm, count.join(', '), why, event.id];
  return parts.filter((part) => part !== '').join('  ');
}

function eventDocument(event: HistoryEvent): Readonly<Record<string, unknown>> {
  return {
    at: event.atMs,
    what: event.what,
    id: event.id,
    alarm_id: event.alarmId ?? null,
    alarm_name: event.alarmName ?? null,
    state: event.state ?? null,
    type: event.type ?? null,
    method_id: event.methodId ?? null,
    method_name: event.methodName ?? null,
    attempt: event.attempt ?? null,
    repeat: event.repeat ?? null,
    reason: event.reason ?? null,
    detail: event.detail ?? null,
    not_before: event.notBeforeMs ?? null,
    event_id: event.eventId ?? null,
    source: event.source,
    record: event.recordAt,
  };
}
