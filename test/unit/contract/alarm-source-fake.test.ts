import { alarmSourceContract } from '../../contract/alarm-source.js';
import { FakeAlarmSource } from '../../support/fakes/fake-alarm-source.js';

alarmSourceContract('FakeAlarmSource', async () => {
  const source = new FakeAlarmSource('alarms', 2, 10);
  return {
    source,
    topic: 'alarms',
    events: source.events,
    write: async (partition, values) => source.write(partition, values),
    removeBefore: async (partition, offset) => source.removeBefore(partition, offset),
  };
});
