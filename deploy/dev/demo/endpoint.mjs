/**
 * The act of the endpoint: a producer of this package notices that it is switched off; one id leads from there to the receivers.
 */
import { programFile } from '../build.mjs';
import { runProgram } from '../command.mjs';
import { sendDigest } from './digest.mjs';
import { endpointName, failAfter } from './endpoint-monitor.mjs';
import { attempt, until } from './failure.mjs';

const HISTORY_WIDTH = 94;

/** Waits for what the monitor publishes of a change to `status`; resolves to the alarm, and adds it to the closing table. */
async function noticed(show, status) {
  const { screen, world } = show;
  const look = () =>
    world.kafka.published.find(({ event }) => event.alarmName === endpointName && event.status === status);
  const check = `the log of ${world.monitor.name}`;
  const what = `${world.monitor.name} to notice`;
  const { offset, sentAtMs, event } = await until(what, { look, check, engine: world.monitor, log: screen.note });
  return show.follow({ label: `${endpointName}: ${event.newState}`, offset, sentAtMs, event });
}

/** The change is made, noticed, and told to both methods. */
async function change(show, status, { title, make }) {
  const { screen, world } = show;
  const madeAtMs = Date.now();
  make();
  const alarm = await noticed(show, status);
  const { oldStatus, stateChangeReason } = alarm.event;
  const tookText = `${((alarm.sentAtMs - madeAtMs) / 1_000).toFixed(1)} s`;
  screen.line();
  screen.say(`${screen.bold(title)}. Noticed after ${tookText}: ${oldStatus} → ${status}, ${stateChangeReason}`);
  await show.showMail(alarm, 1);
  await show.showRequest(alarm, world.web, { path: '/tickets', answer: '→ 200' });
  await show.recordsOf(alarm, 2);
  await show.committed(alarm);
  return alarm;
}

/** A line that is too wide, broken between its parts. */
function broken(line) {
  const lines = [];
  for (const part of line.split(/ {2,}/)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 2 + part.length <= HISTORY_WIDTH) lines[lines.length - 1] += `  ${part}`;
    else lines.push(lines.length === 0 ? part : `    ${part}`);
  }
  return lines;
}

async function historyOf(id, configFile) {
  const about = { where: `mon-notification history --id ${id}`, check: `does Kafka answer? ${configFile}` };
  return await attempt('asking for the history', about, async () => {
    const words = ['history', '--id', id, '--config', configFile];
    const { code, output } = await runProgram(process.execPath, [programFile, ...words]);
    if (code !== 0) throw new Error(`it ended with ${code}: ${output}`);
    return output.trimEnd().split('\n').flatMap(broken);
  });
}

export async function endpointAct(show) {
  const { screen, world } = show;
  const { monitor, shop, configFile } = world;
  const where = `${monitor.name}, log ${monitor.logFile}`;
  await attempt(`starting ${monitor.name}`, { where, check: 'its log' }, () => monitor.start());
  screen.say(`monitor-endpoints asks ${shop.url} every second; ${failAfter} equal answers in a row make a change.`);
  await show.until('the endpoint to be found available', where, () => shop.requests.length >= failAfter);
  const off = { title: 'The endpoint is switched off', make: () => monitor.switchOff() };
  const { event } = await change(show, 'CRITICAL', off);
  // What it finds of the alarm is there by now, so it may look while the endpoint recovers.
  const looking = historyOf(event.eventId, configFile);
  // Waited for below; a failure of the other must not make this one unhandled.
  looking.catch(() => {});
  await sendDigest(show);
  await change(show, 'OK', { title: 'It is switched on again', make: () => monitor.switchOn() });
  screen.line();
  screen.say('From the producer to the outcome by the id that the producer gave its event:');
  screen.say(screen.cyan(`mon-notification history --id ${event.eventId}`));
  for (const line of await looking) screen.note(line);
}
