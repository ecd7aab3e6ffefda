import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DeliveryError } from '../../../src/domain/errors.js';
import { limitedPlugin } from '../../../src/notifiers/limited-plugin.js';
import type { Notifier, NotifierPlugin, Receipt } from '../../../src/ports/notifier.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { gateBench } from '../../support/gate-bench.js';
import { aNotification } from '../../support/notifications.js';
import { silentLogger } from '../../support/silent-logger.js';

const receipt = { remoteId: '7', wire: '201' };

function pluginWith(send: Notifier['send'], keys: NotifierPlugin['keys'] = []): NotifierPlugin {
  const open = () => ({ relay: 'r:25', destinationOf: () => 'r', send, close: () => Promise.resolve() });
  return { type: 'room', keys, configure: () => ({ kind: 'ready', warnings: [], open }) };
}

function opened(plugin: NotifierPlugin, clock: FakeClock, section: Readonly<Record<string, unknown>> = {}): Notifier {
  const configured = limitedPlugin(plugin).configure(section);
  assert.ok(configured.kind === 'ready');
  const http = { allow: [], concurrencyPerDestination: 4 };
  return configured.open({ logger: silentLogger, clock, random: () => 0.5, http, senders: 1 });
}

const timeoutKey = { key: 'timeout', type: 'seconds', default: 20, description: 'seconds in total' } as const;
const never = new AbortController().signal;

describe('a notifier of a third party', () => {
  for (const [what, keys, section, limitMs] of [
    ['its timeout', [timeoutKey], { timeout: 3 }, 8_000],
    ['the timeout that it has by default', [timeoutKey], {}, 25_000],
    ['a minute where it has no timeout', [], {}, 65_000],
  ] as const) {
    test(`that never ends a send is waited for no longer than ${what} and a little more`, async () => {
      const clock = new FakeClock();
      const seen: AbortSignal[] = [];
      const plugin = pluginWith((_notification, signal) => {
        seen.push(signal);
        return new Promise(() => undefined);
      }, keys);
      const sending = opened(plugin, clock, section).send(aNotification('room', 'ops'), never);
      const ended = assert.rejects(sending, { failure: 'outcome_unknown', retriable: true });
      await clock.advance(limitMs - 1);
      assert.equal(seen[0]?.aborted, false);
      await clock.advance(1);
      await ended;
      assert.equal(seen[0]?.aborted, true);
      assert.equal(clock.waitingCount, 0);
    });
  }

  test('that does not heed the signal is left alone when it aborts', async () => {
    const stop = new AbortController();
    const notifier = opened(
      pluginWith(() => new Promise(() => undefined)),
      new FakeClock(),
    );
    const sending = notifier.send(aNotification('room', 'ops'), stop.signal);
    stop.abort();
    await assert.rejects(sending, { code: 'ABORTED' });
  });

  for (const [what, answer, expected] of [
    ['nothing', undefined, { remoteId: undefined, wire: '' }],
    ['null', null, { remoteId: undefined, wire: '' }],
    ['a text', '201', { remoteId: undefined, wire: '' }],
    ['fields of other types', { remoteId: 7, wire: 201, pauseMs: 1 }, { remoteId: undefined, wire: '' }],
    ['a part of a receipt', { remoteId: '7' }, { remoteId: '7', wire: '' }],
  ] as const) {
    test(`that answers a send with ${what} has sent it`, async () => {
      const send = async () => answer as unknown as Receipt;
      const notifier = opened(pluginWith(send), new FakeClock());
      assert.deepEqual(await notifier.send(aNotification('room', 'ops'), never), expected);
      const { gate } = gateBench();
      assert.deepEqual(await gate.send(notifier, aNotification('room', 'ops'), never), {
        kind: 'taken',
        receipt: expected,
      });
    });
  }

  test('that answers without a promise has sent it, and one that throws has not', async () => {
    const clock = new FakeClock();
    const told = opened(pluginWith((() => receipt) as unknown as Notifier['send']), clock);
    assert.deepEqual(await told.send(aNotification('room', 'ops'), never), receipt);
    const refusal = new DeliveryError('refused', { failure: 'rejected', retriable: false });
    const thrower = pluginWith(() => {
      throw refusal;
    });
    await assert.rejects(opened(thrower, clock).send(aNotification('room', 'ops'), never), refusal);
    assert.equal(clock.waitingCount, 0);
  });

  test('that keeps its word is left as it is', async () => {
    const clock = new FakeClock();
    const texts: unknown[] = [];
    const notifier = opened(
      pluginWith(async (_notification, _signal, given) => {
        texts.push(given);
        return receipt;
      }),
      clock,
    );
    assert.deepEqual(await notifier.send(aNotification('room', 'ops'), never, { text: 'x' }), receipt);
    assert.deepEqual(texts, [{ text: 'x' }]);
    assert.equal(notifier.relay, 'r:25');
    assert.equal(clock.waitingCount, 0);
  });
});
