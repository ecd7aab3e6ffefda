import type { StageOutcome } from '../../../src/domain/outcome.js';
import { isNonEmpty, type Positioned } from '../../../src/domain/position.js';
import { systemClock } from '../../../src/runtime/clock.js';
import { linkToParent } from '../../../src/runtime/fork-link.js';
import type { FromWorker, ToWorker, WireParcel } from '../../../src/runtime/protocol.js';
import { SourceLoop } from '../../../src/runtime/source-loop.js';
import { StageLoop } from '../../../src/runtime/stage-loop.js';

process.on('disconnect', () => process.exit(1));

/** A worker whose payloads say what it does with them: `forward`, `finish`, `wait`, `die`, `hang`, `exit`, `throw`, `disconnect`, `babble`, `rave`; behind the name of a stage it is done there. */
interface Item extends Positioned {
  readonly text: string;
}

const link = linkToParent<FromWorker, ToWorker>();

/** What no main process should trip over. */
const ravings = [null, 7, {}, { type: 'crashed' }, { type: 'start_failed', error: null }, { type: 'beat' }];

function misbehave(text: string): void {
  if (text.includes('rave')) for (const each of ravings) link.send(each as unknown as FromWorker);
  if (text.includes('die')) process.kill(process.pid, 'SIGKILL');
  if (text.includes('hang')) for (;;);
  if (text.includes('exit')) process.exit(0);
  if (text.includes('disconnect')) process.disconnect();
  if (text.includes('throw')) throw new Error('thrown as told');
  if (text.includes('babble'))
    link.send({ type: 'answers', term: 1, answers: [{ at: { offset: 'x' } }] } as unknown as FromWorker);
}

async function act(item: Item, stage: string, signal: AbortSignal): Promise<StageOutcome<Item>> {
  if (item.text.startsWith(stage)) misbehave(item.text);
  const does = item.text.trimEnd();
  if (does === 'wait' || does === `${stage} wait`) await systemClock.sleep(1e6, signal);
  if (stage === 'sent_notification_processor') return { kind: 'finish', reason: 'recorded' };
  return item.text.includes('finish') ? { kind: 'finish', reason: 'no_methods' } : { kind: 'forward', item };
}

function runStage(stage: string): (message: ToWorker) => void {
  const loop = new StageLoop<Item, Item>({
    link,
    clock: systemClock,
    inHandCount: 64,
    decode: (position, text) => ({ position, text }),
    process: (item, signal) => act(item, stage, signal),
    quarantine: () => Promise.resolve({ kind: 'finish', reason: 'quarantined' }),
    encode: (item) => item.text,
    crash: (error) => {
      link.send({ type: 'crashed', error: { name: 'Error', message: String(error) } });
      void link.flushed().then(() => process.exit(1));
    },
  });
  return (message) => {
    if (message.type === 'lease' || message.type === 'work' || message.type === 'quarantine') loop.handle(message);
  };
}

function runSource(payloads: readonly string[]): (message: ToWorker) => void {
  const loop = new SourceLoop(link);
  const give = async (term: number, first: number) => {
    loop.begin(term);
    for (let start = first; start < payloads.length; start += 500) {
      const parcels = payloads.slice(start, start + 500).map((payload, index): WireParcel => {
        const offset = String(start + index);
        return { at: { topic: 't', partition: 0, offset }, orderKey: `key ${(start + index) % 997}`, payload };
      });
      if (isNonEmpty(parcels)) await loop.give(term, parcels);
    }
  };
  return (message) => {
    if (message.type === 'work') loop.handle(message);
    else if (message.type === 'resume') void give(message.term, Number(message.nextToRead ?? 0));
  };
}

let handle: (message: ToWorker) => void = () => undefined;
link.onMessage((message) => {
  if (message.type === 'start') {
    if (message.config.refuses === true) process.exit(1);
    handle =
      message.stage === 'kafka_consumer' ? runSource(message.config.payloads as string[]) : runStage(message.stage);
    link.send({ type: 'ready' });
    systemClock.every(200, () => link.send({ type: 'beat', systems: {}, metrics: undefined, notes: [] }));
  } else if (message.type === 'drain') process.exit(0);
  else handle(message);
});
