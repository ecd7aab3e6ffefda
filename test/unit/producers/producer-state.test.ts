import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { EngineError } from '../../../src/domain/errors.js';
import { type KeptAlarm, ProducerState } from '../../../src/producers/producer-state.js';
import { stateFile } from '../../../src/producers/state-file.js';
import { FakeClock } from '../../support/fakes/fake-clock.js';
import { MemoryStore } from '../../support/fakes/memory-store.js';

const kept: KeptAlarm = {
  status: 'WARNING',
  acceptedAtMs: 3,
  changedAtMs: 2,
  issuedAtMs: 2,
  sequence: 7,
  pending: { kind: 'repeat', status: 'WARNING', changedAtMs: 2, atMs: 4, key: 't', value: '{"ü":"\\n"}' },
};

const opened = (store: MemoryStore, scope = 's') =>
  ProducerState.open(store, { scope, clock: new FakeClock(), onWrite: () => undefined });

describe('the state of a producer', () => {
  it('is read again as it was written', async () => {
    const store = new MemoryStore();
    const { state } = await opened(store);
    state.set('a', kept);
    state.set('b', { ...kept, pending: undefined });
    state.set('c', kept);
    state.delete('c');
    await state.saved();
    const again = await opened(new MemoryStore(store.text));
    assert.equal(again.problem, undefined);
    assert.deepEqual(again.state.keys(), ['a', 'b']);
    assert.deepEqual(again.state.get('a'), kept);
    assert.equal(again.state.get('b')?.pending, undefined);
  });

  it('leaves alone what belongs to another program or server', async () => {
    const store = new MemoryStore();
    const { state } = await opened(store, 'one');
    state.set('a', kept);
    await state.saved();
    const { state: other } = await opened(store, 'other');
    assert.equal(other.get('a'), undefined);
    other.set('a', { ...kept, sequence: 8 });
    await other.saved();
    assert.equal((await opened(store, 'one')).state.get('a')?.sequence, 7);
  });

  it('is written once for many changes that wait for one write', async () => {
    const store = new MemoryStore();
    const { state } = await opened(store);
    const before = store.writeCount;
    await Promise.all(
      Array.from({ length: 100 }, (_, n) => {
        state.set(`a${n}`, kept);
        return state.saved();
      }),
    );
    assert.equal(store.writeCount, before + 1);
    await state.saved();
    assert.equal(store.writeCount, before + 1);
  });

  it('starts as nothing when the file is damaged, and puts it aside', async () => {
    const entry = JSON.stringify({ scope: 's', key: 'a', ...kept });
    const damaged = [
      '',
      '{',
      '{}',
      '[1]',
      '[null]',
      '[{}]',
      entry,
      `[${entry.replace('"WARNING"', '"LOUD"')}]`,
      `[${entry.replace('"sequence":7', '"sequence":1.5')}]`,
      `[${entry.replace('"sequence":7', '"sequence":-1')}]`,
      `[${entry.replace('"repeat"', '"again"')}]`,
      `[${entry.replace('"key":"a"', '"key":3')}]`,
      `[${entry.replace('"pending":{', '"pending":[{').replace('}}', '}]}')}]`,
    ];
    for (const text of damaged) {
      const store = new MemoryStore(text);
      const { state, problem } = await opened(store);
      assert.match(problem ?? '', /is damaged/, text);
      assert.equal(store.aside, text);
      assert.deepEqual(state.keys(), []);
      assert.equal(store.text, '[\n\n]\n');
    }
  });

  it('is not open when it cannot be written', async () => {
    const store = new MemoryStore();
    store.failure = new EngineError('STORE_UNAVAILABLE', 'cannot write', { retriable: true });
    await assert.rejects(opened(store), { code: 'STORE_UNAVAILABLE' });
  });

  it('is written again after a write that failed', async () => {
    const store = new MemoryStore();
    const { state } = await opened(store);
    store.failure = new Error('disk full');
    state.set('a', kept);
    await assert.rejects(state.saved(), /disk full/);
    store.failure = undefined;
    await state.saved();
    assert.match(store.text ?? '', /"key":"a"/);
  });
});

describe('the state file', () => {
  it('is replaced as a whole, and put aside on request', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    t.after(() => rm(folder, { recursive: true }));
    const path = join(folder, 'state.json');
    const file = stateFile(path);
    assert.equal(await file.read(), undefined);
    await file.replace('one');
    await file.replace('two');
    assert.equal(await file.read(), 'two');
    assert.deepEqual(await readdir(folder), ['state.json']);
    await file.putAside();
    assert.deepEqual(await readdir(folder), ['state.json.damaged']);
    assert.equal(await readFile(join(folder, 'state.json.damaged'), 'utf8'), 'two');
  });

  it('that cannot be had says what to check', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'state-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'a-file'), '');
    const file = stateFile(join(folder, 'a-file', 'state.json'));
    const expected = { code: 'STORE_UNAVAILABLE', message: /state file .*see that its folder exists/ };
    await assert.rejects(file.read(), expected);
    await assert.rejects(file.replace('x'), expected);
  });
});
