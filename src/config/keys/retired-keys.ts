/** A key of the past. `name` may end in `.*`: every other key of that section. `refuses` says what was expected when a value cannot be served. */
export interface RetiredKey {
  readonly name: string;
  readonly notice: string;
  readonly refuses?: (text: string) => string | undefined;
}

const noEffect = 'has no effect any more';

/** Accepted with one notice each, so that the files of earlier generations load unchanged. */
export const retiredKeys: readonly RetiredKey[] = [
  { name: 'log_dir', notice: `${noEffect}: log lines go to stderr` },
  { name: 'logging.*', notice: `${noEffect}, but for logging.root.level: log lines go to stderr` },
  { name: 'zookeeper.notification_path', notice: `${noEffect}: the paths follow from kafka.group` },
  { name: 'zookeeper.notification_retry_path', notice: `${noEffect}: the paths follow from kafka.group` },
  { name: 'zookeeper.periodic_path', notice: `${noEffect}: the paths follow from kafka.group` },
  {
    name: 'database.repo_driver',
    notice: `${noEffect}: MySQL is the only database`,
    refuses: (text) => (/^mysql$|\bmysql_repo:MysqlRepo$/i.test(text) ? undefined : 'mysql, the only database'),
  },
  { name: 'database.*', notice: `${noEffect}: MySQL is the only database` },
  { name: 'hipchat', notice: `${noEffect}: the service is gone` },
  { name: 'notification_types.hipchat', notice: `${noEffect}: the service is gone` },
  {
    name: 'keystone.auth_required',
    notice: `${noEffect}: webhooks carry no Keystone token`,
    refuses: (text) =>
      /^(false|no|off|0|)$/i.test(text) ? undefined : 'false, because webhooks carry no Keystone token',
  },
  { name: 'keystone.*', notice: `${noEffect}: webhooks carry no Keystone token` },
];

/** Sections whose names the operator chooses in part: each has a reader of its own. */
export const ownSections: readonly string[] = ['templates'];
