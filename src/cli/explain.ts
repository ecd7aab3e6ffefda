import { MysqlMethodDirectory } from '../adapters/mysql/method-directory.js';
import type { Config } from '../config/config.js';
import type { Alarm, RawAlarm } from '../domain/alarm.js';
import { EngineError, messageOf } from '../domain/errors.js';
import { type ReadAlarm, readAlarm } from '../domain/parse-alarm.js';
import { mysqlOptions } from '../engine/outside-options.js';
import { systemClock } from '../runtime/clock.js';
import { createTelemetry, type ProcessTelemetry } from '../telemetry/create-telemetry.js';
import { openLineSink } from '../telemetry/line-sink.js';
import { readMessageFile } from './alarm-file.js';
import { printable } from './columns.js';
import { type Command, type CommandIo, configOption, type ExitCode, jsonOption, UsageError } from './command.js';
import { loadOrReport, type Valid } from './configuration.js';
import { digestGap, type ExplainedMethod, explainedDigest, explainMethods } from './explained-alarm.js';
import type { Preview } from './previews.js';
import { secondsOption } from './seconds-option.js';
import { timeText } from './time-option.js';

const stderrFd = 2;
const lookupLimitMs = 10_000;

/** Says what an alarm would cause. Publishes nothing and sends nothing; MySQL is asked what the engine would ask. */
export const command: Command = {
  positionals: '(FILE | -)',
  options: {
    timeout: { value: 'SECONDS', description: 'how long MySQL may take (default 10)' },
    ...configOption,
    ...jsonOption,
  },
  async run(args, io) {
    const [file, ...others] = args.positionals;
    if (file === undefined || others.length > 0) throw new UsageError('name one file with an alarm, or - for stdin');
    const limitMs = secondsOption(args, 'timeout', lookupLimitMs);
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const read = verdictOn(await readMessageFile(file, loaded.config.kafka.alarmTopic));
    if (typeof read === 'string') return malformed(read, args.has('json'), io);
    const log = { ...loaded.config.log, level: 'error' } as const;
    const sink = openLineSink(stderrFd);
    const telemetry = createTelemetry({ process: 'explain', log, sink, clock: systemClock });
    try {
      const explanation = await explain(read, loaded, telemetry, limitMs);
      if (args.has('json')) io.out(JSON.stringify(documentOf(explanation)));
      else for (const line of linesOf(explanation)) io.out(line);
      return 0;
    } finally {
      telemetry.close();
    }
  },
};

interface Explanation extends ReadAlarm {
  readonly verdict: 'notifies' | 'digested' | 'disabled' | 'expired' | 'not_folded' | 'no_methods';
  readonly text: string;
  /** The state that the database has now; undefined where it has none. */
  readonly databaseState: string | undefined;
  readonly methods: readonly ExplainedMethod[];
}

function verdictOn(message: RawAlarm): ReadAlarm | string {
  try {
    return readAlarm(message);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'ALARM_MALFORMED') return error.message;
    throw error;
  }
}

function malformed(text: string, isJson: boolean, io: CommandIo): ExitCode {
  if (isJson) io.out(JSON.stringify({ verdict: 'malformed', text, alarm: null, methods: [] }));
  else io.out(printable(`${text}; the engine would park it`));
  return 1;
}

async function explain(
  { alarm, defaulted }: ReadAlarm,
  loaded: Valid,
  telemetry: ProcessTelemetry,
  limitMs: number,
): Promise<Explanation> {
  const { config } = loaded;
  const directory = new MysqlMethodDirectory(mysqlOptions(config), { clock: systemClock, telemetry });
  const limit = systemClock.limit(limitMs);
  try {
    const databaseState = await directory.alarmState(alarm.alarmId, limit.signal);
    const { immediate, digest } = await directory.askedFor(alarm, limit.signal);
    const told = await explainMethods(alarm, immediate, loaded, telemetry);
    const methods = [...told, ...digest.map((binding) => explainedDigest(alarm, binding))];
    const counts = { told: told.length, digest: digest.length };
    return { alarm, defaulted, ...verdictOf(alarm, counts, config), databaseState, methods };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const { host, port, db } = config.mysql;
    const text = `asked MySQL at ${host}:${port}, database ${db}, for methods: ${messageOf(error)}`;
    const advice =
      'check that it runs and can be reached from here, and mysql.host, mysql.user, mysql.passwd and mysql.db';
    throw new EngineError('DIRECTORY_UNAVAILABLE', `${text}; ${advice}`, { retriable: true, cause: error });
  } finally {
    limit.clear();
    await directory.close();
  }
}

function verdictOf(
  alarm: Alarm,
  counts: { readonly told: number; readonly digest: number },
  config: Config,
): Pick<Explanation, 'verdict' | 'text'> {
  const ttlMs = config.processors.alarmTtlMs;
  const leftOut = digestGap(alarm);
  const foldingCount = leftOut === undefined ? counts.digest : 0;
  const digests = `the digests of ${countText(foldingCount)}`;
  if (!alarm.actionsEnabled) return { verdict: 'disabled', text: 'nobody would be told: actionsEnabled is false' };
  if (ttlMs !== undefined && systemClock.nowMs() - alarm.changedAtMs > ttlMs) {
    const why = `its timestamp is older than processors.alarm.ttl, ${ttlMs / 1000} s`;
    if (foldingCount === 0) return { verdict: 'expired', text: `nobody would be told: ${why}` };
    return { verdict: 'digested', text: `it would go to ${digests} only: ${why}` };
  }
  if (counts.told > 0) {
    const more = foldingCount > 0 ? `, and to ${digests}` : '';
    return { verdict: 'notifies', text: `it would go to ${countText(counts.told)}${more}` };
  }
  if (foldingCount > 0) return { verdict: 'digested', text: `it would go to ${digests} only` };
  if (counts.digest > 0) return { verdict: 'not_folded', text: `nobody would be told: ${leftOut}` };
  const { alarmDefinitionId, alarmId, newState } = alarm;
  const whose = alarmDefinitionId === undefined ? `alarm ${alarmId}` : `alarm definition ${alarmDefinitionId}`;
  return { verdict: 'no_methods', text: `nobody would be told: ${whose} has no method for state ${newState}` };
}

function countText(count: number): string {
  return count === 1 ? '1 method' : `${count} methods`;
}

function linesOf({ alarm, defaulted, text, databaseState, methods }: Explanation): readonly string[] {
  const { alarmName, alarmId, alarmDefinitionId, oldState, newState, tenantId, changedAtMs } = alarm;
  const change = `${oldState} -> ${newState} at ${timeText(changedAtMs)}`;
  const eventId = alarm.event?.eventId;
  const lines = [
    `alarm ${JSON.stringify(alarmName)}, id ${alarmId}, of tenant ${tenantId}: ${change}`,
    `definition ${alarmDefinitionId ?? 'none named'}; in the database the alarm is ${databaseState ?? 'unknown'}`,
    ...(eventId === undefined ? [] : [`event ${eventId}`]),
    ...defaulted.map((field) => `${field} has a wrong type and is left out`),
    text,
  ];
  const ofMethods = methods.flatMap(({ method, outcome, reason, detail, preview }) => {
    const repeats = method.periodMs > 0 ? `, again every ${method.periodMs / 1000} s` : '';
    const texts = { send: `send ${detail}${repeats}`, dead: `dead, ${reason}: ${detail}`, digest: detail };
    const verdict = texts[outcome];
    const shown = preview === undefined ? [] : shownPreview(preview);
    return ['', `${method.type} ${JSON.stringify(method.name)} (${method.id}): ${verdict}`, ...shown];
  });
  return [...lines, ...ofMethods].map((line) => printable(line).trimEnd());
}

function shownPreview({ pieces, templates }: Preview): readonly string[] {
  const ofTemplates = templates.map(({ part, failure }) =>
    failure === undefined ? `  ${part}: template` : `  ${part}: built in, the template failed: ${failure}`,
  );
  const ofPieces = pieces.flatMap(({ name, text }) => [
    `  --- ${name}`,
    ...text.split('\n').map((line) => `    ${line}`),
  ]);
  return [...ofTemplates, ...ofPieces];
}

function documentOf({ alarm, defaulted, verdict, text, databaseState, methods }: Explanation): object {
  return {
    verdict,
    text,
    alarm: {
      id: alarm.alarmId,
      name: alarm.alarmName,
      definition_id: alarm.alarmDefinitionId ?? null,
      tenant_id: alarm.tenantId,
      event_id: alarm.event?.eventId ?? null,
      old_state: alarm.oldState,
      state: alarm.newState,
      changed_at: alarm.changedAtMs,
      left_out: defaulted,
    },
    database_state: databaseState ?? null,
    methods: methods.map(({ method, outcome, reason, detail, preview }) => ({
      id: method.id,
      name: method.name,
      type: method.type,
      period: method.periodMs / 1000,
      outcome,
      reason: reason ?? null,
      detail,
      pieces: preview?.pieces ?? [],
      templates: (preview?.templates ?? []).map(({ part, failure }) => ({ part, failure: failure ?? null })),
    })),
  };
}
