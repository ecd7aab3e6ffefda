/**
 * The closing table: what became of every alarm, for each of its methods.
 */
import { slackPath } from './receivers.mjs';

function arrivalOf({ mail, web, slow }, alarm, { type, notification_id: id }) {
  // A chat has no place for an id. The demo sends it one alarm only.
  if (type?.toLowerCase() === 'slack') {
    return web.requests.find(({ path, receivedAtMs }) => path === slackPath && receivedAtMs >= alarm.sentAtMs);
  }
  const request = [...web.requests, ...slow.requests].findLast(({ headers }) => headers['webhook-id'] === id);
  return request ?? mail.mails.find(({ headers }) => headers['message-id'].startsWith(`<${id}@`));
}

/** A notification that was tried again has a record of each attempt. */
function lastOfEach(records) {
  const last = new Map();
  for (const { value } of records) {
    const id = value.notification_id ?? value.source_offset;
    if (!((last.get(id)?.attempt ?? -1) > (value.attempt ?? 0))) last.set(id, value);
  }
  return [...last.values()];
}

function rowsOf(alarm, { screen, world }) {
  const paints = { sent: screen.green, retrying: screen.yellow, dead: screen.red, malformed: screen.red };
  return lastOfEach(world.kafka.recordsOf(alarm)).map((value) => {
    const { outcome, reason, type, name, attempt } = value;
    const arrival = outcome === 'malformed' ? undefined : arrivalOf(world, alarm, value);
    const detail = outcome === 'dead' ? ` (${reason})` : attempt > 1 ? ` (attempt ${attempt})` : '';
    const text = `${outcome}${detail}`;
    return [
      alarm.label,
      type === undefined ? '–' : `${type.toLowerCase()}, ${name}`,
      { text, paint: paints[outcome] ?? String },
      arrival === undefined ? '–' : String(arrival.receivedAtMs - alarm.sentAtMs),
      `${alarm.offset}`,
      `${alarm.committed}`,
    ];
  });
}

/** Prints the table; `stream` is what the fail-over act resolved to, if it was played. */
export function printClosingTable(show, stream) {
  const { screen, alarms } = show;
  const heads = ['alarm', 'method', 'outcome', 'ms to receiver>', 'offset>', 'committed offset>'];
  const rows = alarms.flatMap((alarm) => rowsOf(alarm, show));
  const { digest } = show;
  if (digest !== undefined) {
    const { alarmCount, tookMs } = digest;
    rows.push([`${alarmCount} alarms in one digest`, 'webhook, Digest', 'sent', `${tookMs}`, '–', '–']);
  }
  if (stream !== undefined) {
    const { sentCount, lostCount, repeatedCount, committed } = stream;
    const outcome = `sent, ${lostCount} lost, ${repeatedCount} twice`;
    rows.push([`${sentCount} × Request errors`, 'webhook, Event stream', outcome, '–', '–', `${committed}`]);
  }
  screen.table(heads, rows);
  screen.line();
  screen.note('ms to receiver: from the time stamp of the alarm in Kafka to its arrival. committed offset: read from');
  screen.note('ZooKeeper when it had passed the alarm; an alarm is passed when each of its methods has its outcome.');
}
