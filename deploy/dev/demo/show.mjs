/**
 * What all acts of the demo have in common: sending an alarm, showing what arrives, waiting until it is committed.
 */
import { until } from './failure.mjs';
import { mailLines, requestLines } from './receivers.mjs';

const MAIL_LINES = 12;
/** Of a request that looks like one shown before. */
const shortLines = (request) => requestLines(request, ['alarm_name', 'state', 'severity', 'message']);

/** `alarms` is what the closing table is made of. */
export class Show {
  alarms = [];
  firstMailAtMs;
  /** What became of the digest: `{ alarmCount, tookMs }`. */
  digest;
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
    return this.follow({ label, ...(await this.#world.kafka.write(value)) });
  }

  /** Takes an alarm, whoever wrote it, into the closing table. */
  follow(alarm) {
    this.alarms.push(alarm);
    return alarm;
  }

  async until(what, check, look) {
    return await until(what, { look, check, engine: this.engine, log: this.screen.note });
  }

  /** Waits for a mail that was not shown yet, and shows it. */
  async showMail(alarm, limit = MAIL_LINES) {
    const mail = await this.#next('a mail', 'the email section of the configuration', () => this.#world.mail.mails);
    this.screen.arrival(`mail to ${mail.to.join(', ')}`, this.#when(alarm, mail), mailLines(mail, limit));
    return mail;
  }

  /** Waits for a request for `path` that was not shown yet, and shows it; `answer` says what it is told, `linesOf` what of it is shown. */
  async showRequest(alarm, receiver, { path, answer, linesOf = shortLines }) {
    const sameWay = () => receiver.requests.filter((request) => request.path === path);
    const request = await this.#next(`a request for ${path}`, 'http.allow of the configuration', sameWay);
    const title = `${request.method} http://127.0.0.1:${receiver.port}${path}`;
    this.screen.arrival(`${title}  ${answer}`, this.#when(alarm, request), linesOf(request));
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

  async #next(what, check, listed) {
    const found = await this.until(`${what} to arrive`, check, () => listed().find((each) => !this.#seen.has(each)));
    this.#seen.add(found);
    return found;
  }
}
