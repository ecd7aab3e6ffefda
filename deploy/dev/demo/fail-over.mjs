/**
 * Two engines, one of them killed in the middle of a stream of alarms.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionSeconds } from './engines.mjs';
import { transition } from './transitions.mjs';

const SEND_EVERY_MS = 25;
const ALARMS_BEFORE = 60;
const ALARMS_AFTER = 60;

/** Sends an alarm every 25 ms until told to stop; `sent` are their ids in the order of their offsets. */
class Stream {
  sent = [];
  firstOffset;
  lastOffset;
  #kafka;
  #isStopped = false;
  #running;

  constructor(kafka) {
    this.#kafka = kafka;
    this.#running = this.#run();
    // Looked at in `stop`, which comes later.
    this.#running.catch(() => {});
  }

  async stop() {
    this.#isStopped = true;
    await this.#running;
  }

  async #run() {
    while (!this.#isStopped) {
      const alarmId = `stream-${this.sent.length + 1}`;
      const { offset } = await this.#kafka.write(transition('errors', 'ALARM', alarmId));
      this.sent.push(alarmId);
      this.firstOffset ??= offset;
      this.lastOffset = offset;
      await sleep(SEND_EVERY_MS);
    }
  }
}

function countById(requests) {
  const counts = new Map();
  for (const { headers } of requests) counts.set(headers['webhook-id'], (counts.get(headers['webhook-id']) ?? 0) + 1);
  return counts;
}

/** Kills the active engine; resolves when the other one is active, to what that took. */
async function killActive(show) {
  const { screen, world } = show;
  const victim = world.active;
  const heir = world.engines.find((engine) => engine !== victim);
  const processCount = await victim.killWhole();
  const killedAtMs = Date.now();
  screen.say(`${screen.red(`${victim.name} is killed`)} with SIGKILL, all ${processCount} processes at once.`);
  screen.say(`Its lock ends with its ZooKeeper session, ${sessionSeconds} s in this demo. Alarms keep coming.`);
  world.active = heir;
  const look = async () => (await heir.status()).role === 'active';
  await show.until(`${heir.name} to become active`, 'lock_waiting and lock_blocked in the log', look);
  const tookOverMs = Date.now() - killedAtMs;
  screen.say(`${screen.green(`${heir.name} is active`)} ${(tookOverMs / 1_000).toFixed(1)} s after the kill.`);
  return { victim, heir, killedAtMs };
}

/** Plays the act. Resolves to the row for the closing table, and to how many alarms were lost. */
export async function failOver(show) {
  const { screen, world } = show;
  const ofStream = () => world.web.requests.filter(({ path }) => path === '/stream');
  const roles = await Promise.all(world.engines.map(async (one) => `${one.name} is ${(await one.status()).role}`));
  screen.say(`${roles.join(', ')}. An alarm every ${SEND_EVERY_MS} ms goes to a webhook.`);
  const stream = new Stream(world.kafka);
  await show.until('the stream to flow', 'the log', () => ofStream().length >= ALARMS_BEFORE);
  const { heir, killedAtMs } = await killActive(show);
  const arrivedBefore = ofStream().length;
  const next = await show.until('the next webhook', 'the log', () => ofStream()[arrivedBefore]);
  screen.say(`The next webhook arrived ${((next.receivedAtMs - killedAtMs) / 1_000).toFixed(1)} s after the kill.`);
  const sentUntilThen = stream.sent.length;
  await show.until('more alarms', 'the log', () => stream.sent.length >= sentUntilThen + ALARMS_AFTER);
  await stream.stop();
  const isThere = (id) => ofStream().some(({ body }) => body.includes(`"${id}"`));
  const missing = () => stream.sent.filter((id) => !isThere(id));
  await show.until('every alarm of the stream', 'the log', () => missing().length === 0);
  const last = { label: 'the stream', offset: stream.lastOffset };
  const committed = await show.committed(last);
  return summarize(show, { stream, requests: ofStream(), heir, committed, lostCount: missing().length, killedAtMs });
}

function summarize({ screen }, { stream, requests, heir, committed, lostCount }) {
  const counts = countById(requests);
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  screen.line();
  screen.say(`${stream.sent.length} alarms sent, ${counts.size} arrived, ${screen.bold(`${lostCount} lost`)}.`);
  const again = `${repeated} arrived again under ${repeated === 1 ? 'its' : 'their'} first webhook-id`;
  screen.say(`${again}: what the killed engine had sent and not committed.`);
  screen.say(`${heir.name} read on at the committed offset and stands at ${committed}.`);
  return { sentCount: stream.sent.length, arrivedCount: counts.size, repeatedCount: repeated, lostCount, committed };
}
