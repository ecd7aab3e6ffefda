import { ZookeeperOffsetStore } from '../adapters/zookeeper/offset-store.js';
import { messageOf } from '../domain/errors.js';
import type { Commit } from '../ports/progress.js';
import { heldByKafka } from './ask-kafka.js';
import { columns, printable } from './columns.js';
import { type Command, configOption, jsonOption } from './command.js';
import { commandTelemetry } from './command-telemetry.js';
import { loadOrReport } from './configuration.js';
import { offsetRows } from './offset-rows.js';
import { withZookeeper } from './with-zookeeper.js';

const kafkaLimitMs = 3_000;

/** Prints the stored positions. Takes no lock and creates nothing; what Kafka holds is shown beside them when Kafka answers soon. */
export const command: Command = {
  options: { ...configOption, ...jsonOption },
  async run(args, io) {
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const { config } = loaded;
    const commits = await withZookeeper(config, commandTelemetry(), (keeper) =>
      new ZookeeperOffsetStore(keeper, '').list(),
    );
    io.err('Each number is the next offset to read: everything before it is finished.');
    if (args.has('json')) {
      io.out(JSON.stringify(offsetsDocument(commits)));
      return 0;
    }
    const topics = [config.kafka.alarmTopic, ...commits.map(({ partition }) => partition.topic)];
    const asked = { limitMs: kafkaLimitMs, what: 'the ends of its partitions' };
    const held = await heldByKafka(config, topics, asked).catch((error: unknown) => {
      io.err(`no lag: ${messageOf(error)}`);
      return new Map();
    });
    const rows = offsetRows(commits, held);
    if (rows.length === 0) {
      io.err(`nothing is stored for group ${config.kafka.group} yet`);
      return 0;
    }
    const heads = ['PARTITION', 'NEXT TO READ', 'KAFKA FROM', 'KAFKA END', 'LAG'];
    for (const line of columns(heads, rows)) io.out(printable(line));
    return 0;
  },
};

function offsetsDocument(commits: readonly Commit[]): object {
  const partitions = commits.map(({ partition, stored }) => {
    return { topic: partition.topic, partition: partition.partition, committed: String(stored.nextToRead) };
  });
  return { partitions };
}
