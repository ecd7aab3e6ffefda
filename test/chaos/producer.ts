import { alarmFields } from '../support/alarms.js';
import { ReceiptLedger } from '../support/receipt-ledger.js';
import type { World } from '../support/world.js';
import { type AckedAlarm, nowMs } from './history.js';
import { until } from './pace.js';

const roundMs = 50;

export interface Load {
  readonly perSecond: number;
  /** How many alarms change their state in turn. While one waits, a later transition of it stands in for it. */
  readonly alarmsPerPartition: number;
}

/**
 * Produces alarms at a steady rate and keeps a ledger of what Kafka acknowledged: that, and nothing else, was promised. What was not
 * acknowledged is not sent again; the next ones are others. The transitions of one alarm go to one partition.
 */
export class Producer {
  readonly acked: AckedAlarm[] = [];
  refusedCount = 0;
  readonly #world: World;
  readonly #definitionId: string;
  readonly #ledger: ReceiptLedger;
  readonly #alarmsPerPartition: number;
  #serial = 0;
  #isOver = false;
  #ended: Promise<void> = Promise.resolve();

  private constructor(world: World, definitionId: string, ledger: ReceiptLedger, alarmsPerPartition: number) {
    this.#alarmsPerPartition = alarmsPerPartition;
    this.#world = world;
    this.#definitionId = definitionId;
    this.#ledger = ledger;
  }

  static async start(world: World, definitionId: string, ledgerFile: string, load: Load): Promise<Producer> {
    const ledger = await ReceiptLedger.open(ledgerFile, { fsync: true });
    const producer = new Producer(world, definitionId, ledger, load.alarmsPerPartition);
    producer.#ended = producer.#run(Math.max(1, Math.round((load.perSecond * roundMs) / 1_000)));
    return producer;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#ended;
    await this.#ledger.close();
  }

  async #run(atOnceCount: number): Promise<void> {
    const startedAtMs = nowMs();
    for (let round = 1; !this.#isOver; round += 1) {
      await this.#send(atOnceCount).catch(() => {
        this.refusedCount += atOnceCount;
      });
      await until(startedAtMs + round * roundMs);
    }
  }

  async #send(count: number): Promise<void> {
    const drafts = Array.from({ length: count }, () => this.#draft());
    const answers = await this.#world.kafka.produce(this.#world.topic, drafts);
    const atMs = nowMs();
    const acked = answers.map(({ partition, offset }, index) => {
      const { serial = 0, alarmId = '' } = drafts[index] ?? {};
      return { serial, alarmId, partition, offset, atMs };
    });
    this.acked.push(...acked);
    await Promise.all(acked.map((alarm) => this.#ledger.append({ ...alarm, offset: String(alarm.offset) })));
  }

  #draft() {
    const serial = this.#serial++;
    const partition = serial % this.#world.partitionCount;
    const alarmId = `alarm-${partition}-${Math.floor(serial / this.#world.partitionCount) % this.#alarmsPerPartition}`;
    const fields = alarmFields({
      ...{ alarmId, alarmDefinitionId: this.#definitionId, alarmName: `serial ${serial}` },
      timestamp: Date.now(),
    });
    return { serial, alarmId, partition, value: JSON.stringify({ 'alarm-transitioned': fields }) };
  }
}
