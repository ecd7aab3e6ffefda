import { type DamagedOffset, ZookeeperOffsetStore } from '../adapters/zookeeper/offset-store.js';
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

/** Prints the stored positions. Takes no lock and creates nothing; a damaged one is named and hides no other; what Kafka holds is shown beside them when Kafka answers soon. */
export const command: Command = {
  options: { ...configOption, ...jsonOption },
  async run(args, io) {
    const loaded = await loadOrReport(args, io);
    if (loaded === undefined) return 78;
    const { config } = loaded;
    const { commits, damaged } = await withZookeeper(config, commandTelemetry(), (keeper) =>
      new ZookeeperOffsetStore(keeper, '').list(),
    );
    io.err('Each number is the next offset to read: everything before it is finished.');
    for (const { problem } of damaged) io.err(printable(problem));
    const code = damaged.length === 0 ? 0 : 1;
    if (args.has('json')) {
      io.out(JSON.stringify(offsetsDocument(commits, damaged)));
      return code;
    }
    const topics = [config.kafka.alarmTopic, ...[...commits, ...damaged].map(({ partition }) => partition.topic)];
    const asked = { limitMs: kafkaLimitMs, what: 'the ends of its partitions' };
    const held = await heldByKafka(config, topics, asked).catch((error: unknown) => {
      io.err(`no lag: ${messageOf(error)}`);
      return new Map();
    });
    const rows = offsetRows(commits, damaged, held);
    if (rows.length === 0) {
      io.err(`nothing is stored for group ${config.kafka.group} yet`);
      return 0;
    }
    const heads = ['PARTITION', 'NEXT TO READ', 'KAFKA FROM', 'KAFKA END', 'LAG'];
    for (const line of columns(heads, rows)) io.out(printable(line));
    return code;
  },
};

function offsetsDocument(commits: readonly Commit[], damaged: readonly DamagedOffset[]): object {
  const partitions = commits.map(({ partition, stored }) => {
    return { topic: partition.topic, partition: partition.partition, committed: String(stored.nextToRead) };
  });
  if (damaged.length === 0) return { partitions };
  return { partitions, damaged: damaged.map(({ partition, problem }) => ({ ...partition, problem })) };
}
