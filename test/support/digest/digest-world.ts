import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from '../../../src/cli/command-line.js';
import { type DigestBus, openDigestBus } from '../../../src/cli/digest-bus.js';
import { command } from '../../../src/cli/digest-send.js';
import { readDigestSettings } from '../../../src/cli/digest-settings.js';
import { randomName } from '../random-name.js';
import { type CleanUp, requireServices, type SharedServices } from '../services.js';

const silent = { out: () => undefined, err: () => undefined, environment: {} };

/** The digest from outside; commands stay behind the alarms that were published before them. */
export async function openTestBus(words: readonly string[], suite: CleanUp): Promise<DigestBus> {
  const settings = readDigestSettings(readArguments(command, words), silent);
  assert.ok(settings !== undefined);
  const bus = await openDigestBus(settings, 10_000, { isOrdered: true });
  suite.after(() => bus.close());
  return bus;
}

/** A configuration whose topics nobody else uses, on the shared Kafka and ZooKeeper unless others are given. */
export async function digestKafkaConfig(
  suite: CleanUp,
  partitions: number,
  { kafkaUrl, zookeeperUrl }: Pick<SharedServices, 'kafkaUrl' | 'zookeeperUrl'> = requireServices(),
): Promise<string> {
  const name = randomName('digest');
  const folder = await mkdtemp(join(tmpdir(), 'digest-'));
  suite.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'notification.yaml');
  const topics = ['status', 'command', 'digest', 'state']
    .map((topic) => `  ${topic}_topic: ${name}-${topic}\n`)
    .join('');
  await writeFile(
    file,
    `kafka:\n  url: ${kafkaUrl}\n  group: ${name}\n  dead_letter_topic: ${name}-dead\n  notification_retry_topic: ${name}-retry\nzookeeper:\n  url: ${zookeeperUrl}\n` +
      `  session_timeout_seconds: 4\ndigest:\n  transport: kafka\n  workers: ${partitions}\n${topics}`,
  );
  return file;
}
