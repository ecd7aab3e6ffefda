import { type Command, UsageError } from './command.js';
import { openDigestBus } from './digest-bus.js';
import { digestPlaceOptions, readDigestSettings } from './digest-settings.js';

const limitMs = 10_000;

/** Publishes one SendAlarmDigest. */
export const command: Command = {
  positionals: 'USER',
  options: digestPlaceOptions,
  async run(args, io) {
    const [user, ...more] = args.positionals;
    if (user === undefined || user === '' || more.length > 0) throw new UsageError('name one user: digest send USER');
    const settings = readDigestSettings(args, io);
    if (settings === undefined) return 78;
    const bus = await openDigestBus(settings, limitMs, { isOrdered: false });
    try {
      bus.publish('command', user, JSON.stringify({ UserID: user }));
      await bus.flush();
      io.out(`SendAlarmDigest published for ${user}`);
      return 0;
    } finally {
      await bus.close();
    }
  },
};
