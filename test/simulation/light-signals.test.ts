import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { useLightSignals } from './light-signals.js';

const ofNode = { Controller: AbortController, any: AbortSignal.any.bind(AbortSignal) };
useLightSignals();
const ofOurs = { Controller: AbortController, any: AbortSignal.any.bind(AbortSignal) };

/** What a listener hears, and in which order; the same script for Node's signals and for ours. */
function heardWith({ Controller, any }: typeof ofNode): readonly string[] {
  const heard: string[] = [];
  const [one, other, never] = [new Controller(), new Controller(), new Controller()];
  const joined = any([one.signal, other.signal]);
  const hear = (name: string) => () => void heard.push(`${name} ${one.signal.aborted}`);
  const [first, second, gone] = [hear('first'), hear('second'), hear('gone')];
  one.signal.addEventListener('abort', first, { once: true });
  one.signal.addEventListener('abort', first, { once: true });
  one.signal.addEventListener('abort', () => one.signal.removeEventListener('abort', gone));
  one.signal.addEventListener('abort', second);
  one.signal.addEventListener('abort', gone);
  joined.addEventListener('abort', hear('joined'));
  never.signal.addEventListener('abort', hear('never'));
  one.abort();
  one.abort();
  other.abort();
  one.signal.addEventListener('abort', hear('late'));
  heard.push(String(any([one.signal, never.signal]).aborted), String(any([never.signal]).aborted));
  heard.push(String((one.signal.reason as Error).name), String(never.signal.reason));
  assert.throws(() => one.signal.throwIfAborted(), { name: 'AbortError' });
  never.signal.throwIfAborted();
  return heard;
}

describe('signals of simulated processes', () => {
  it('do what the signals of Node do', () => {
    const heard = heardWith(ofOurs);
    assert.notEqual(ofOurs.Controller, ofNode.Controller);
    assert.ok(heard.length >= 7, heard.join());
    assert.deepEqual(heard, heardWith(ofNode));
  });
});
