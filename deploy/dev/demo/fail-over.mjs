/**
 * Two engines, one of them killed in the middle of a stream of alarms.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { sessionSeconds } from './engines.mjs';
import { transition } from './transitions.mjs';

const SEND_EVERY_MS = 25;
const ALARMS_BEFORE = 60;
const ALARMS_AFTER = 60;
/** What arrives so soon after the kill was sent before it; the lock is free much later. */
const ON_ITS_WAY_MS = 500;

/** Sends an alarm every 25 ms until told to stop; `sent` are their ids in the order of their offsets. */
class Stream {
  sent = [];
  firstOffset;
  lastOffset;
  #kafka;
  #isStopped = false;
  #failure;
  #running;

  constructor(kafka) {
    this.#kafka = kafka;
    this.#running = this.#run().catch((error) => {
      this.#failure = error;
    });
  }

  /** Throws what kept it from sending. */
  check() {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async stop() {
    this.#isStopped = true;
    await this.#running;
    this.check();
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
  const { processCount, killedAtMs } = await victim.killWhole();
  screen.say(`${screen.red(`${victim.name} is killed`)} with SIGKILL, all ${processCount} processes at once.`);
  screen.say(`Its lock ends with its ZooKeeper session, ${sessionSeconds} s in this demo. Alarms keep coming.`);
  world.active = heir;
  const look = async () => (await heir.status()).role === 'active';
  await show.until(`${heir.name} to become active`, 'lock_waiting and lock_blocked in the log', look);
  const tookOverMs = Date.now() - killedAtMs;
  screen.say(`${screen.green(`${heir.name} is active`)} ${(tookOverMs / 1_000).toFixed(1)} s after the kill.`);
  return { heir, killedAtMs };
}

/** Plays the act. Resolves to what the closing table says of it. */
export async function failOver(show) {
  const { screen, world } = show;
  const ofStream = () => world.web.requests.filter(({ path }) => path === '/stream');
  const roles = await Promise.all(world.engines.map(async (one) => `${one.name} is ${(await one.status()).role}`));
  screen.say(`${roles.join(', ')}. An alarm every ${SEND_EVERY_MS} ms goes to a webhook.`);
  const stream = new Stream(world.kafka);
  await show.until('the stream to flow', 'the log', () => ofStream().length >= ALARMS_BEFORE);
  const { heir, killedAtMs } = await killActive(show);
  const next = await show.until('the next webhook', 'the log', () => {
    stream.check();
    return ofStream().find(({ receivedAtMs }) => receivedAtMs > killedAtMs + ON_ITS_WAY_MS);
  });
  screen.say(`The next webhook arrived ${((next.receivedAtMs - killedAtMs) / 1_000).toFixed(1)} s after the kill.`);
  const sentUntilThen = stream.sent.length;
  await show.until('more alarms', 'the log', () => stream.sent.length >= sentUntilThen + ALARMS_AFTER);
  await stream.stop();
  const isThere = (id) => ofStream().some(({ body }) => body.includes(`"${id}"`));
  const missing = () => stream.sent.filter((id) => !isThere(id));
  await show.until('every alarm of the stream', 'the log', () => missing().length === 0);
  const last = { label: 'the stream', offset: stream.lastOffset };
  const committed = await show.committed(last);
  return summarize(show, { stream, requests: ofStream(), heir, committed, lostCount: missing().length });
}

function summarize({ screen }, { stream, requests, heir, committed, lostCount }) {
  const counts = countById(requests);
  const repeated = [...counts.values()].filter((count) => count > 1).length;
  screen.line();
  screen.say(`${stream.sent.length} alarms sent, ${counts.size} arrived, ${screen.bold(`${lostCount} lost`)}.`);
  if (repeated === 0) screen.say('None arrived twice: all that the killed engine had sent was committed.');
  else
    screen.say(
      `${repeated} arrived twice, with the same webhook-id: what the killed engine had sent and not committed.`,
    );
  screen.say(`${heir.name} read on at the committed offset and stands at ${committed}.`);
  return { sentCount: stream.sent.length, arrivedCount: counts.size, repeatedCount: repeated, lostCount, committed };
}
