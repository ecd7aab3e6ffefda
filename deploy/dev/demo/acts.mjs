/**
 * The acts: each sends alarms, shows what arrives as it arrives, and ends when the committed offset has moved past them.
 */
import { until } from './failure.mjs';
import { mailLines, requestLines, slowMs } from './receivers.mjs';

const MAIL_LINES = 10;

const definitions = {
  cpu: { name: 'High CPU', severity: 'HIGH', metric: 'cpu.idle_perc', text: 'avg(cpu.idle_perc) < 10' },
  disk: { name: 'Disk full', severity: 'CRITICAL', metric: 'disk.free_perc', text: 'min(disk.free_perc) < 5' },
  login: { name: 'Login slow', severity: 'MEDIUM', metric: 'http.login_ms', text: 'max(http.login_ms) > 2000' },
  backup: { name: 'Backup late', severity: 'LOW', metric: 'backup.age_hours', text: 'max(backup.age_hours) > 24' },
  errors: { name: 'Request errors', severity: 'HIGH', metric: 'http.errors', text: 'sum(http.errors) > 0' },
};

/** The message that a threshold engine would write for a state transition. */
export function transition(definition, newState, alarmId = `a-${definition}`) {
  const { name, severity, metric, text } = definitions[definition];
  const alarm = {
    tenantId: 'tenant-1',
    alarmId,
    alarmDefinitionId: `d-${definition}`,
    alarmName: name,
    alarmDescription: text,
    oldState: newState === 'OK' ? 'ALARM' : 'OK',
    newState,
    actionsEnabled: true,
    stateChangeReason: newState === 'OK' ? `${text} holds no more` : `Thresholds were exceeded: ${text}`,
    severity,
    link: null,
    lifecycleState: null,
    metrics: [{ id: null, name: metric, dimensions: { hostname: 'web-17', service: 'shop' } }],
    subAlarms: [],
    timestamp: Date.now(),
  };
  return JSON.stringify({ 'alarm-transitioned': alarm });
}

/** The stage: what acts have in common. `alarms` is what the closing table is made of. */
export class Stage {
  alarms = [];
  firstMailAtMs;
  #world;
  #seen = new Set();

  constructor(screen, world) {
    this.screen = screen;
    this.#world = world;
  }

  get world() {
    return this.#world;
  }

  /** The engine that reads alarms at this moment. */
  get engine() {
    return this.#world.active;
  }

  async send(label, value) {
    const alarm = { label, ...(await this.#world.kafka.write(value)) };
    this.alarms.push(alarm);
    return alarm;
  }

  async until(what, check, look) {
    return await until(what, { look, check, engine: this.engine, log: this.screen.note });
  }

  /** Waits for a mail that was not shown yet, and shows it. */
  async showMail(alarm, limit = MAIL_LINES) {
    const mail = await this.#next('a mail', 'the email section of the configuration', this.#world.mail.mails);
    this.screen.arrival(`mail to ${mail.to.join(', ')}`, this.#when(alarm, mail), mailLines(mail, limit));
    return mail;
  }

  /** Waits for a request of a receiver that was not shown yet, and shows it; `answer` says what it is told. */
  async showRequest(alarm, receiver, answer) {
    const request = await this.#next('a webhook', 'http.allow of the configuration', receiver.requests);
    const title = `${request.method} http://127.0.0.1:${receiver.port}${request.path}`;
    this.screen.arrival(`${title}  ${answer}`, this.#when(alarm, request), requestLines(request));
    return request;
  }

  /** The records of an alarm on the output topics, when there are `count`. */
  async recordsOf(alarm, count) {
    return await this.until(`${count} outcome records of "${alarm.label}"`, 'the output topics', () => {
      const found = this.#world.kafka.recordsOf(alarm);
      return found.length >= count ? found : undefined;
    });
  }

  /** Waits until the committed offset has passed the alarm, and remembers where it stood then. */
  async committed(alarm) {
    alarm.committed = await this.until(
      `the commit of "${alarm.label}"`,
      'head_stuck and commit_delayed in the log',
      async () => {
        const offset = await this.#world.zookeeper.committed();
        return offset > alarm.offset ? offset : undefined;
      },
    );
    return alarm.committed;
  }

  #when(alarm, { receivedAtMs }) {
    return `+${receivedAtMs - alarm.sentAtMs} ms`;
  }

  async #next(what, check, list) {
    const found = await this.until(`${what} to arrive`, check, () => list.find((each) => !this.#seen.has(each)));
    this.#seen.add(found);
    return found;
  }
}

async function mailAndWebhook(stage) {
  const { screen, world } = stage;
  const alarm = await stage.send('High CPU: ALARM', transition('cpu', 'ALARM'));
  screen.say('Written to the alarm topic. Its owner has two notification methods in MySQL, a mail and a webhook:');
  await stage.showMail(alarm);
  stage.firstMailAtMs = Date.now();
  await stage.showRequest(alarm, world.web, '→ 200');
  await stage.recordsOf(alarm, 2);
  const offset = await stage.committed(alarm);
  screen.line();
  screen.say(
    `Both are recorded as ${screen.green('sent')} on ${world.names.topics.sent}; only then the offset was committed: ${offset}.`,
  );
}

async function slowReceiver(stage) {
  const { screen, world } = stage;
  const disk = await stage.send('Disk full: ALARM', transition('disk', 'ALARM'));
  const cpu = await stage.send('High CPU: OK', transition('cpu', 'OK'));
  screen.say(`The pager takes ${slowMs / 1_000} s to answer. The alarm behind it does not wait:`);
  const request = await stage.showRequest(disk, world.slow, `→ 200 after ${slowMs / 1_000} s`);
  await stage.showMail(cpu, 1);
  await stage.recordsOf(cpu, 1);
  const before = await world.zookeeper.committed();
  const hasAnswered = Date.now() >= request.receivedAtMs + slowMs;
  screen.line();
  if (!hasAnswered && before <= disk.offset) {
    screen.say(`The mail is out and recorded, the pager has not answered: the committed offset stays at ${before},`);
    screen.say('before the unfinished alarm. An engine that died now would send the mail again, under the same id.');
  }
  await stage.recordsOf(disk, 1);
  await stage.committed(disk);
  screen.say(`The pager has answered: committed offset ${await stage.committed(cpu)}.`);
}

async function busyReceiver(stage) {
  const { screen, world } = stage;
  const alarm = await stage.send('Login slow: ALARM', transition('login', 'ALARM'));
  await stage.showRequest(alarm, world.web, '→ 503');
  const [{ topic, value }] = await stage.recordsOf(alarm, 1);
  const offset = await stage.committed(alarm);
  screen.line();
  screen.say(`A 503 may pass: outcome ${screen.yellow(value.outcome)}. The notification waits on ${topic},`);
  screen.say(
    `not before ${new Date(value.not_before).toISOString().slice(11, 23)} UTC; nothing behind it is held up. Committed offset ${offset}.`,
  );
  screen.say(screen.dim('(Sending it again from there is not part of this version.)'));
}

async function goneReceiver(stage) {
  const { screen, world } = stage;
  const alarm = await stage.send('Backup late: ALARM', transition('backup', 'ALARM'));
  await stage.showRequest(alarm, world.web, '→ 404');
  const [{ topic, value }] = await stage.recordsOf(alarm, 1);
  const offset = await stage.committed(alarm);
  screen.line();
  screen.say(
    `A 404 will not pass: outcome ${screen.red(value.outcome)}, reason ${value.reason}, parked on ${topic} with the words`,
  );
  screen.say(`"${value.detail}". Committed offset ${offset}.`);
}

async function malformedMessage(stage) {
  const { screen } = stage;
  const text = '{"alarm-transitioned": {"alarmId": "a-cpu", "newState": ';
  screen.say(`A broken producer writes ${screen.cyan(text)} and stops:`);
  const alarm = await stage.send('(malformed message)', text);
  const [{ topic, value }] = await stage.recordsOf(alarm, 1);
  const offset = await stage.committed(alarm);
  const isWhole = Buffer.from(value.raw_base64, 'base64').toString() === text;
  screen.say(`Outcome ${screen.red(value.outcome)}: "${value.detail}".`);
  screen.say(
    `Parked on ${topic}${isWhole ? ', byte for byte' : ''}; the next alarm is read: committed offset ${offset}.`,
  );
}

/** In the order of the show: title and what happens. */
export const acts = [
  ['An alarm becomes a mail and a webhook', mailAndWebhook],
  ['A slow receiver holds up the committed offset, and nobody else', slowReceiver],
  ['A receiver is busy', busyReceiver],
  ['A receiver is gone', goneReceiver],
  ['A message that is no alarm', malformedMessage],
];
