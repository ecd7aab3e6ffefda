import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { AlarmKafka } from '../support/alarm-kafka.js';
import { CommandRun } from '../support/command-run.js';
import { EndpointSite } from '../support/endpoint-site.js';
import { freePort } from '../support/free-port.js';
import { answer } from '../support/http-receiver.js';
import { randomName } from '../support/random-name.js';
import { requireServices, skipWithoutServices, startPrivateServices } from '../support/services.js';
import { waitFor } from '../support/wait-for.js';

interface Event {
  readonly alarmId: string;
  readonly alarmName: string;
  readonly tenantId: string;
  readonly oldStatus: string;
  readonly status: string;
  readonly newState: string;
  readonly stateChangeReason: string;
  readonly sequence: number;
  readonly eventId: string;
}

/** A site, a topic, and the program between them, checking every second. */
class Watch {
  readonly site: EndpointSite;
  readonly #kafka: AlarmKafka;
  readonly #topic: string;
  readonly #config: string;

  private constructor(site: EndpointSite, kafka: AlarmKafka, topic: string, url: string) {
    this.site = site;
    this.#kafka = kafka;
    this.#topic = topic;
    this.#config = site.file(`kafka: {url: "${url}", alarm_topic: ${topic}}\n`, 'engine.yaml');
  }

  static async open(test: TestContext, url = requireServices().kafkaUrl): Promise<Watch> {
    const site = await EndpointSite.open(test);
    const kafka = await AlarmKafka.connect(url);
    test.after(() => kafka.close());
    const topic = randomName('alarms');
    await kafka.createTopic(topic, 1);
    return new Watch(site, kafka, topic, url);
  }

  /** Starts the program over endpoints with these names, each at the path of its name. */
  start(names: readonly string[], ...words: readonly string[]): CommandRun {
    const entries = names.map((name) => `- {name: ${name}, url: "${this.site.url(`/${name}`)}"}`);
    const file = this.site.file(entries.join('\n'));
    const sink = ['--sink', 'kafka', '--engine-config', this.#config, '--state', this.site.path('state.json')];
    return new CommandRun(['monitor-endpoints', file, '-f', '1', '--threshold', '790', ...sink, ...words]);
  }

  async events(): Promise<readonly Event[]> {
    const records = await this.#kafka.records(this.#topic);
    return records.map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString())['alarm-transitioned']);
  }

  async keys(): Promise<readonly string[]> {
    return (await this.#kafka.records(this.#topic)).map(({ key }) => String(key));
  }

  /** Waits until the topic holds exactly these changes, as `name OLD>NEW`. */
  async hasChanges(...changes: readonly string[]): Promise<readonly Event[]> {
    let seen: readonly Event[] = [];
    const has = async () => {
      seen = await this.events();
      return seen.length >= changes.length;
    };
    await waitFor(has, changes.join(), { timeoutMs: 30_000 });
    assert.deepEqual(
      seen.map(({ alarmName, oldStatus, status }) => `${alarmName} ${oldStatus}>${status}`),
      changes,
    );
    return seen;
  }

  /** Waits until the state file says that everything was acknowledged: an event that a kill catches before goes out again. */
  async hasSettled(): Promise<void> {
    const isSettled = () => !readFileSync(this.site.path('state.json'), 'utf8').includes('"pending"');
    await waitFor(isSettled, 'a settled state', { timeoutMs: 30_000 });
  }

  /** Waits until so many more checks were answered. */
  async checked(count: number): Promise<void> {
    const before = this.site.receiver.requests.length;
    await waitFor(() => this.site.receiver.requests.length >= before + count, `${count} checks`, { timeoutMs: 30_000 });
  }

  switchOff(): void {
    this.site.receiver.react = answer(503);
  }

  switchOn(): void {
    this.site.receiver.react = answer(200);
  }
}

async function stopped(run: CommandRun): Promise<void> {
  run.signal('SIGTERM');
  const { code, err } = await run.ended;
  assert.equal(code, 0, err);
}

describe('alarms of endpoints', { skip: skipWithoutServices() }, () => {
  it('are one event for each change, none for the first UP', async (test) => {
    const watch = await Watch.open(test);
    const port = await freePort();
    const run = watch.start(['shop'], '--tenant', 't-17', '--details', '--metrics-listen', `127.0.0.1:${port}`);
    await run.prints('---', 2);
    // Before there was any event.
    await waitFor(async () => (await fetch(`http://127.0.0.1:${port}/ready`)).ok, 'a ready producer');
    assert.deepEqual(await watch.events(), []);
    watch.switchOff();
    const [down] = await watch.hasChanges('shop OK>CRITICAL');
    assert.match(down?.stateChangeReason ?? '', /^status 503 after \d+ ms$/);
    assert.deepEqual([down?.tenantId, down?.newState, ...(await watch.keys())], ['t-17', 'ALARM', 't-17']);
    await watch.checked(2);
    watch.switchOn();
    const [, up] = await watch.hasChanges('shop OK>CRITICAL', 'shop CRITICAL>OK');
    assert.match(up?.stateChangeReason ?? '', /^recovered: 200 after \d+ ms$/);
    assert.equal(up?.sequence, (down?.sequence ?? 0) + 1);
    await watch.checked(2);
    await stopped(run);
    assert.equal((await watch.events()).length, 2);
  });

  it('keep no run alive that cannot start', async (test) => {
    const watch = await Watch.open(test);
    const { code, err } = await watch.start(['shop'], '--metrics-listen', `127.0.0.1:${watch.site.receiver.port}`)
      .ended;
    assert.equal(code, 1);
    assert.match(err, /the server of metrics cannot listen on 127\.0\.0\.1 port \d+: it is taken/);
  });

  it('are not told again by a run after a kill, and what changed meanwhile is told', async (test) => {
    const watch = await Watch.open(test);
    watch.switchOff();
    const first = watch.start(['shop', 'mail']);
    await watch.hasChanges('shop OK>CRITICAL', 'mail OK>CRITICAL');
    await watch.hasSettled();
    first.signal('SIGKILL');
    await first.ended;
    const second = watch.start(['shop', 'mail']);
    await second.prints('---', 2);
    assert.equal((await watch.events()).length, 2);
    second.signal('SIGKILL');
    await second.ended;
    watch.switchOn();
    const third = watch.start(['shop', 'mail']);
    const seen = await watch.hasChanges(
      ...['shop OK>CRITICAL', 'mail OK>CRITICAL', 'shop CRITICAL>OK', 'mail CRITICAL>OK'],
    );
    assert.equal(new Set(seen.map(({ eventId }) => eventId)).size, 4);
    await stopped(third);
  });

  it('end when their endpoint is taken out of the file', async (test) => {
    const watch = await Watch.open(test);
    watch.switchOff();
    const first = watch.start(['shop', 'old']);
    await watch.hasChanges('shop OK>CRITICAL', 'old OK>CRITICAL');
    await stopped(first);
    const second = watch.start(['shop']);
    const seen = await watch.hasChanges('shop OK>CRITICAL', 'old OK>CRITICAL', 'old CRITICAL>OK');
    assert.equal(seen[2]?.stateChangeReason, 'endpoint removed');
    await stopped(second);
    const third = watch.start(['shop']);
    await third.prints('---', 2);
    await stopped(third);
    assert.equal((await watch.events()).length, 3);
  });

  it('wait for as many equal results as they are told to, and are keyed by alarm where that is asked for', async (test) => {
    const watch = await Watch.open(test);
    const run = watch.start(['shop'], '--fail-after', '3', '--quiet', '--key', 'alarm');
    await watch.checked(3);
    watch.switchOff();
    await watch.checked(2);
    watch.switchOn();
    await watch.checked(4);
    assert.deepEqual(await watch.events(), []);
    watch.switchOff();
    const [down] = await watch.hasChanges('shop OK>CRITICAL');
    assert.deepEqual(await watch.keys(), [`default/${down?.alarmId}`]);
    run.signal('SIGINT');
    assert.deepEqual((await run.ended).out, 'Monitoring stopped by user.\n');
  });

  it('come as one event, the newest, when Kafka was away for three changes; the report goes on', async (test) => {
    const { kafkaUrl, end, restart } = await startPrivateServices(test, { only: ['kafka'] });
    const watch = await Watch.open(test, kafkaUrl);
    watch.switchOff();
    const run = watch.start(['shop']);
    await watch.hasChanges('shop OK>CRITICAL');
    await end('kafka');
    for (const change of ['switchOn', 'switchOff', 'switchOn'] as const) {
      watch[change]();
      await watch.checked(2);
    }
    await run.prints('---', 5);
    await restart('kafka');
    await watch.hasChanges('shop OK>CRITICAL', 'shop CRITICAL>OK');
    await stopped(run);
    assert.equal((await watch.events()).length, 2);
  });

  it('that Kafka did not take before a stop are told by the next run, and a second signal does not wait', async (test) => {
    const { kafkaUrl, end, restart } = await startPrivateServices(test, { only: ['kafka'] });
    const watch = await Watch.open(test, kafkaUrl);
    await end('kafka');
    watch.switchOff();
    const first = watch.start(['shop']);
    await first.prints('---', 2);
    first.signal('SIGTERM');
    await first.prints('Monitoring stopped by SIGTERM.');
    first.signal('SIGTERM');
    assert.equal((await first.ended).code, 1);
    await restart('kafka');
    const second = watch.start(['shop']);
    await watch.hasChanges('shop OK>CRITICAL');
    await stopped(second);
  });
});
