import { FakeMethodDirectory } from '../support/fakes/fake-method-directory.js';
import { methodDirectoryContract } from './method-directory.js';

methodDirectoryContract('fake', async () => {
  const directory = new FakeMethodDirectory();
  return {
    directory,
    hasState: true,
    hasPeriod: true,
    hasAlarmState: true,
    setState: async (id, state) => directory.setState(id, state),
    addMethod: async ({ id, type, name, address, periodSeconds }) =>
      directory.add({
        id,
        type: type.toLowerCase(),
        name: name ?? '',
        address: address ?? '',
        periodMs: periodSeconds * 1000,
      }),
    changeAddress: async (id, address) => directory.add({ id, address }),
    addAction: async (action) => directory.addAction(action),
    goAway: async () => directory.fail(Number.POSITIVE_INFINITY),
    comeBack: async () => directory.fail(0),
    close: () => directory.close(),
  };
});
