/**
 * The acts: each sends alarms, shows what arrives as it arrives, and ends when the committed offset has moved past them.
 */
import { endpointAct } from './endpoint.mjs';
import { requestLines, slackLines, slackPath, slowMs } from './receivers.mjs';
import { transition } from './transitions.mjs';

async function threeMethods(show) {
  const { screen, world } = show;
  const alarm = await show.send('High CPU: ALARM', transition('cpu', 'ALARM'));
  screen.say('An alarm is written to Kafka. In MySQL its owner has three methods (Slack is a stand-in on loopback):');
  await show.showMail(alarm);
  show.firstMailAtMs = Date.now();
  await show.showRequest(alarm, world.web, {
    path: '/tickets',
    answer: '→ 200',
    linesOf: (request) => requestLines(request),
  });
  await show.showRequest(alarm, world.web, { path: slackPath, answer: '→ 200 ok', linesOf: slackLines });
  await show.recordsOf(alarm, 3);
  const committed = await show.committed(alarm);
  screen.line();
  screen.fact('outcome', `${screen.green('sent')}, all three; recorded on ${world.names.topics.sent}`);
  screen.fact(
    'committed',
    `${committed}, the next offset to read, in ZooKeeper: it moves only after the records are safe`,
  );
}

async function slowReceiver(show) {
  const { screen, world } = show;
  const disk = await show.send('Disk full: ALARM', transition('disk', 'ALARM'));
  const cpu = await show.send('High CPU: OK', transition('cpu', 'OK'));
  screen.say(
    `Two alarms. The pager of the first takes ${slowMs / 1_000} s to answer; the second does not wait for it:`,
  );
  const request = await show.showRequest(disk, world.slow, {
    path: '/pager',
    answer: `→ 200 after ${slowMs / 1_000} s`,
  });
  await show.showMail(cpu, 1);
  await show.recordsOf(cpu, 1);
  const before = await world.zookeeper.committed();
  const hasAnswered = Date.now() >= request.receivedAtMs + slowMs;
  screen.line();
  if (!hasAnswered && before <= disk.offset) {
    screen.fact('committed', `still ${before}: the mail is recorded, but the alarm before it waits for the pager.`);
    screen.fact('', 'An engine that died now would leave both to the next one. Nothing is lost.');
  }
  await show.recordsOf(disk, 1);
  await show.committed(disk);
  screen.fact('committed', `${await show.committed(cpu)}: the pager has answered`);
}

async function busyReceiver(show) {
  const { screen, world } = show;
  const alarm = await show.send('Login slow: ALARM', transition('login', 'ALARM'));
  screen.say('The receiver answers 503, which may pass:');
  await show.showRequest(alarm, world.web, { path: '/busy', answer: '→ 503' });
  const [{ topic, value }] = await show.recordsOf(alarm, 1);
  const committed = await show.committed(alarm);
  const notBefore = new Date(value.not_before).toISOString().slice(11, 19);
  screen.line();
  screen.fact('outcome', `${screen.yellow(value.outcome)}: waits on ${topic}, not before ${notBefore} UTC`);
  screen.fact('committed', `${committed}: nothing behind it is held up`);
  screen.say('Its time comes, and it is sent again under the same webhook-id:');
  await show.showRequest(alarm, world.web, { path: '/busy', answer: '→ 200' });
  const records = await show.recordsOf(alarm, 2);
  const { outcome, attempt } = records.map((record) => record.value).find((last) => last.attempt === 2);
  screen.line();
  screen.fact('outcome', `${screen.green(outcome)} at attempt ${attempt}; on record with the failure before it`);
}

async function goneReceiver(show) {
  const { screen, world } = show;
  const alarm = await show.send('Backup late: ALARM', transition('backup', 'ALARM'));
  screen.say('The receiver answers 404, which will not pass:');
  await show.showRequest(alarm, world.web, { path: '/gone', answer: '→ 404' });
  const [{ topic, value }] = await show.recordsOf(alarm, 1);
  const committed = await show.committed(alarm);
  screen.line();
  screen.fact('outcome', `${screen.red(value.outcome)}, reason ${value.reason}: parked on ${topic}`);
  screen.fact('detail', value.detail);
  screen.fact('committed', `${committed}`);
}

async function malformedMessage(show) {
  const { screen } = show;
  const text = '{"alarm-transitioned": {"alarmId": "a-cpu", "newState": ';
  screen.say(`A broken producer writes half a message: ${screen.cyan(text)}`);
  const alarm = await show.send('(half a message)', text);
  const [{ topic, value }] = await show.recordsOf(alarm, 1);
  const committed = await show.committed(alarm);
  const isWhole = Buffer.from(value.raw_base64, 'base64').toString() === text;
  screen.line();
  screen.fact('outcome', `${screen.red(value.outcome)}: parked on ${topic}${isWhole ? ', byte for byte' : ''}`);
  screen.fact('detail', value.detail);
  screen.fact('committed', `${committed}: the next alarm is read`);
}

/** In the order of the show: title and what happens. */
export const acts = [
  ['An alarm becomes a mail, a webhook and a post to Slack', threeMethods],
  ['A slow receiver holds up the committed offset, and nobody else', slowReceiver],
  ['A receiver is busy', busyReceiver],
  ['A receiver is gone', goneReceiver],
  ['A message that is no alarm', malformedMessage],
  ['An endpoint is switched off, and on again', endpointAct],
];
