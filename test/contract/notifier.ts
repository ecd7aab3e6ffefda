import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';
import { appendFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { DeliveryError, EngineError } from '../../src/domain/errors.js';
import type { Notification } from '../../src/domain/notification.js';
import { Secret } from '../../src/domain/secret.js';
import type { Notifier } from '../../src/ports/notifier.js';
import { aNotification, anAlarm } from '../support/notifications.js';
import type { NotifierBench } from '../support/notifier-bench.js';
import { waitFor } from '../support/wait-for.js';

export const canary = 'CANARY-7f3a';
/** Names the file that gets a line `notifier, tab, outcome class` for each outcome that was verified. */
export const outcomesVariable = 'NOTIFIER_OUTCOMES_FILE';
const patientSeconds = 20;
const hastySeconds = 0.3;
/** 64 KiB are read; the rest lies in buffers of two sockets. */
const mostTakenBytes = 16 * 1024 * 1024;

function canaryAlarm() {
  return anAlarm({
    alarmName: `${canary} name\r\nX-Injected: yes`,
    stateChangeReason: `${canary} reason`,
    alarmDescription: `${canary} description`,
    link: `${canary} link`,
    metrics: [{ name: `${canary} metric`, dimensions: { hostname: `${canary} host` } }],
  });
}

/** What `send` threw, checked for everything that no error may show. */
async function failureOf(notifier: Notifier, notification: Notification, signal: AbortSignal): Promise<EngineError> {
  try {
    await notifier.send(notification, signal);
  } catch (error) {
    assert.ok(error instanceof EngineError, `not an error of ours: ${inspect(error)}`);
    const shown = `${inspect(error, { depth: 10, showHidden: true })} ${error.stack ?? ''} ${JSON.stringify(error)}`;
    assert.ok(!shown.includes(canary), `a secret or alarm text in: ${shown}`);
    assert.ok((error instanceof DeliveryError ? (error.wire ?? '') : '').length <= 200);
    return error;
  }
  return assert.fail('the send succeeded');
}

/** `sent`, `aborted`, or the failure, with ` (retry)` where another try is due. */
function outcomeClass(outcome: EngineError | 'sent'): string {
  if (outcome === 'sent') return outcome;
  if (!(outcome instanceof DeliveryError)) return 'aborted';
  return outcome.retriable ? `${outcome.failure} (retry)` : outcome.failure;
}

/** What every notifier must do, whatever it speaks. Source: ports/notifier.ts. */
export function notifierContract(name: string, start: () => Promise<NotifierBench>): void {
  describe(`notifier ${name}`, { concurrency: 1 }, () => {
    let bench: NotifierBench;
    const opened: Notifier[] = [];
    const open = (timeout: number, how = (seconds: number) => bench.open(seconds)): Notifier => {
      const notifier = how(timeout);
      opened.push(notifier);
      return notifier;
    };
    const notification = () => aNotification(bench.type, bench.address, { alarm: canaryAlarm() });
    const never = new AbortController().signal;
    setMaxListeners(0, never);
    const outcomes: string[] = [];
    const verified = (outcome: EngineError | 'sent') => outcomes.push(outcomeClass(outcome));

    before(async () => {
      bench = await start();
    });
    afterEach(async () => {
      for (const notifier of opened.splice(0)) await notifier.close();
      bench.reset();
    });
    after(async () => {
      await bench.close();
      const file = process.env[outcomesVariable];
      if (file !== undefined) appendFileSync(file, outcomes.map((outcome) => `${name}\t${outcome}\n`).join(''));
    });

    test('resolves once the receiver has taken it, with words for people', async () => {
      const receipt = await open(patientSeconds).send(notification(), never);
      assert.deepEqual(bench.receivedIds(), [notification().id]);
      assert.ok(receipt.wire.length > 0 && receipt.wire.length <= 200 && !receipt.wire.includes(canary));
      verified('sent');
    });

    test('shows the same id when the same notification is sent again', async () => {
      const notifier = open(patientSeconds);
      await notifier.send(notification(), never);
      await notifier.send(notification(), never);
      assert.deepEqual(bench.receivedIds(), [notification().id, notification().id]);
    });

    test('sends many at a time', async () => {
      const notifier = open(patientSeconds);
      await Promise.all(Array.from({ length: 16 }, () => notifier.send(notification(), never)));
      assert.equal(bench.receivedIds().length, 16);
    });

    test('names a destination that holds no credential, for any address', () => {
      const notifier = open(patientSeconds);
      for (const address of [bench.address, '', '\0', 'http://[', 'a'.repeat(1e6), ...bench.badAddresses]) {
        const destination = notifier.destinationOf(aNotification(bench.type, address).method);
        assert.ok(destination.length > 0 && destination.length < 300 && !destination.includes(canary));
      }
    });

    test('classifies each failure of the receiver, and shows no secret and no alarm text', async () => {
      for (const fault of bench.faults) {
        bench.reset();
        fault.cause();
        const notifier = open(patientSeconds);
        const error = await failureOf(notifier, notification(), never);
        assert.ok(error instanceof DeliveryError, fault.what);
        assert.ok(fault.failures.includes(error.failure), `${fault.what}: ${error.failure} ${error.message}`);
        assert.equal(error.retriable, fault.retriable, `${fault.what}: ${error.message}`);
        verified(error);
        await notifier.close();
      }
    });

    test('ends by its own limit wherever the receiver falls silent (S2) (H1)', async () => {
      for (const silence of bench.silences) {
        bench.reset();
        silence.cause();
        const notifier = open(hastySeconds);
        const error = await failureOf(notifier, notification(), never);
        assert.ok(error instanceof DeliveryError, silence.what);
        assert.ok(silence.failures.includes(error.failure), `${silence.what}: ${error.failure} ${error.message}`);
        assert.equal(error.retriable, true, silence.what);
        verified(error);
        await notifier.close();
      }
    });

    test('ends in time where it does not get as far as a request', async () => {
      for (const { what, address, open: openThere, failure } of bench.earlierFaults ?? []) {
        const notifier = open(failure === 'timed_out' ? hastySeconds : patientSeconds, openThere);
        const error = await failureOf(notifier, aNotification(bench.type, address, { alarm: canaryAlarm() }), never);
        assert.equal(outcomeClass(error), `${failure} (retry)`, `${what}: ${error.message}`);
        verified(error);
      }
    });

    test('ends at once when it is given up in mid-send, without guessing an outcome', async () => {
      for (const silence of bench.silences) {
        bench.reset();
        silence.cause();
        const giveUp = new AbortController();
        const contactsBefore = bench.contactCount();
        const failing = failureOf(open(patientSeconds), notification(), giveUp.signal);
        await waitFor(() => bench.contactCount() > contactsBefore, `a contact before ${silence.what}`);
        giveUp.abort();
        const error = await failing;
        assert.equal(outcomeClass(error), 'aborted', silence.what);
        verified(error);
      }
    });

    test('takes in a bounded part of any answer, in time (H2)', async () => {
      for (const flood of bench.floods) {
        bench.reset();
        flood.cause();
        const notifier = open(hastySeconds);
        const outcome = await notifier.send(notification(), never).then(
          () => 'sent' as const,
          (error: unknown) => (error instanceof EngineError ? error : assert.fail(inspect(error))),
        );
        const shown = outcome instanceof DeliveryError ? outcome.failure : outcome;
        assert.ok(
          flood.outcomes.some((one) => one === shown),
          `${flood.what}: ${inspect(outcome)}`,
        );
        assert.ok(flood.takenBytes() < mostTakenBytes, `${flood.what}: ${flood.takenBytes()} bytes`);
        verified(outcome);
        await notifier.close();
      }
    });

    test('writes nothing of an alarm into an address, a header or an envelope', async () => {
      const mark = 'ALARMTEXT';
      const hostile = `${mark}/../?a=b#c\r\nX-Injected: yes`;
      const texts = { alarmName: hostile, stateChangeReason: hostile, alarmDescription: hostile, link: hostile };
      const metrics = [{ name: hostile, dimensions: { hostname: hostile } }];
      const ids = { alarmId: hostile, tenantId: hostile, alarmDefinitionId: hostile };
      const states = { newState: hostile, oldState: hostile, severity: hostile, lifecycleState: hostile };
      const alarm = anAlarm({ ...texts, ...ids, ...states, metrics });
      await open(patientSeconds).send({ ...notification(), alarm }, never);
      const addressed = bench.addressed();
      assert.ok(addressed.length > 0);
      for (const line of addressed) assert.ok(!line.includes(mark) && !line.includes('X-Injected'), line);
    });

    test('says what templates wrote, part by part, within its limits', async () => {
      for (const { part, format } of bench.parts) {
        for (const mark of ['TEMPLATED', `TEMPLATED ${'long '.repeat(20_000)}`]) {
          bench.reset();
          const notifier = open(patientSeconds);
          const text = format === 'json' ? JSON.stringify({ own: mark }) : mark;
          await notifier.send(notification(), never, { [part]: text });
          assert.ok(bench.said().includes('TEMPLATED'), `${part}: ${bench.said().slice(0, 300)}`);
          await notifier.close();
        }
      }
    });

    test('sends again after it was given up', async () => {
      const [silence] = bench.silences;
      silence?.cause();
      const giveUp = new AbortController();
      const notifier = open(patientSeconds);
      const contactsBefore = bench.contactCount();
      const failing = failureOf(notifier, notification(), giveUp.signal);
      await waitFor(() => bench.contactCount() > contactsBefore, 'a contact');
      giveUp.abort();
      await failing;
      bench.reset();
      await notifier.send(notification(), never);
      assert.deepEqual(bench.receivedIds(), [notification().id]);
    });

    test('sends nothing when it is given up beforehand', async () => {
      const contactsBefore = bench.contactCount();
      assert.equal((await failureOf(open(patientSeconds), notification(), AbortSignal.abort())).code, 'ABORTED');
      assert.equal(bench.contactCount(), contactsBefore);
    });

    test('calls an address that cannot be used bad, without a contact', async () => {
      const notifier = open(patientSeconds);
      const contactsBefore = bench.contactCount();
      const words = bench.takesAnyWord ? [] : [canary];
      for (const address of ['', ' ', '\0', 'a'.repeat(1e6), ...words, ...bench.badAddresses]) {
        const method = { ...notification().method, address: new Secret(address) };
        const error = await failureOf(notifier, { ...notification(), method }, never);
        assert.ok(error instanceof DeliveryError && error.failure === 'bad_address', inspect(address.slice(0, 80)));
        assert.equal(error.retriable, false);
        verified(error);
      }
      assert.equal(bench.contactCount(), contactsBefore);
    });
  });
}
