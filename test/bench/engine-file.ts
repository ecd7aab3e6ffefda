import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requireServices } from '../support/services.js';
import type { Load } from './load.js';

/** Writes the configuration of an engine for this load; loopback is allowed, all else is as shipped. */
export function engineFile(folder: string, load: Load): string {
  const { kafkaUrl, zookeeperUrl, mysql } = requireServices();
  const file = join(folder, `${load.group}.yaml`);
  writeFileSync(
    file,
    `kafka:
  url: "${kafkaUrl}"
  group: ${load.group}
  alarm_topic: ${load.topic}
  notification_topic: ${load.recordTopic}
  # Those of other runs would be read too.
  notification_retry_topic: ${load.group}-retries
  dead_letter_topic: ${load.group}-dead
zookeeper: {url: "${zookeeperUrl}"}
mysql: {host: ${mysql.host}, port: ${mysql.port}, user: ${mysql.user}, passwd: ${mysql.password}, db: ${load.db}}
http: {allow: [127.0.0.0/8]}
admin: {port: 0}
statsd: {enable: false}
`,
  );
  return file;
}
