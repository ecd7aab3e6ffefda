import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Question, QuestionGatherer } from '../../../../src/adapters/mysql/question-gatherer.js';
import { FakeClock } from '../../../support/fakes/fake-clock.js';

const never = new AbortController().signal;

/** A gatherer whose queries wait until the test answers or fails them. */
function gathererInHand() {
  const queries: { ids: string[]; answer(): void; fail(error: Error): void }[] = [];
  const ask = (questions: readonly Question[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      const ids = questions.map(({ id }) => id);
      queries.push({ ids, answer: () => resolve(ids.map((id) => `about ${id}`)), fail: reject });
    });
  const gatherer = new QuestionGatherer(ask, new FakeClock());
  const put = (id: string, group = 'g', signal = never) => gatherer.ask({ group, id }, signal);
  const turn = async () => {
    await nextTurn();
    await nextTurn();
  };
  return { queries, put, turn };
}

test('puts what is asked in one turn into one query, the same question once', async () => {
  const { queries, put, turn } = gathererInHand();
  const answers = Promise.all(['a', 'b', 'a'].map((id) => put(id)));
  await turn();
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['a', 'b']],
  );
  queries[0]?.answer();
  assert.deepEqual(await answers, ['about a', 'about b', 'about a']);
});

test('has two queries under way at most, and asks the rest together when one returns', async () => {
  const { queries, put, turn } = gathererInHand();
  const answers: Promise<string>[] = [];
  for (const id of ['a', 'b', 'c', 'd']) {
    answers.push(put(id));
    await turn();
  }
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['a'], ['b']],
  );
  queries[1]?.answer();
  await turn();
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['a'], ['b'], ['c', 'd']],
  );
  queries[0]?.answer();
  queries[2]?.answer();
  assert.deepEqual(await Promise.all(answers), ['about a', 'about b', 'about c', 'about d']);
});

test('never shares an answer that was under way before the question', async () => {
  const { queries, put, turn } = gathererInHand();
  const early = put('a');
  await turn();
  const late = put('a');
  await turn();
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['a'], ['a']],
  );
  queries[0]?.answer();
  await early;
  queries[1]?.answer();
  await late;
});

test('asks 256 ids at once and no more, and each group by itself', async () => {
  const { queries, put, turn } = gathererInHand();
  const ids = Array.from({ length: 300 }, (_, index) => `id-${index}`);
  const answers = Promise.all([...ids.map((id) => put(id)), put('x', 'other')]);
  await turn();
  assert.deepEqual(
    queries.map((query) => query.ids.length),
    [256, 44],
  );
  queries[0]?.answer();
  await turn();
  assert.deepEqual(queries[2]?.ids, ['x']);
  for (const query of queries) query.answer();
  assert.equal((await answers).length, 301);
});

test('keeps apart what a database might hold equal, and asks a strange id alone', async () => {
  const { queries, put, turn } = gathererInHand();
  const answers = Promise.all(['abc', 'é', 'ABC', 'x y', 'z'].map((id) => put(id)));
  for (let round = 0; round < 5; round += 1) {
    await turn();
    for (const query of queries) query.answer();
  }
  await answers;
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['abc', 'z'], ['é'], ['ABC'], ['x y']],
  );
});

test('fails all questions of a query with it, and goes on', async () => {
  const { queries, put, turn } = gathererInHand();
  const failed = Promise.all(['a', 'b'].map((id) => assert.rejects(put(id), /away/)));
  await turn();
  queries[0]?.fail(new Error('away'));
  await failed;
  const next = put('a');
  await turn();
  queries[1]?.answer();
  assert.equal(await next, 'about a');
});

test('drops a question that nobody waits for any more, and no other', async () => {
  const { queries, put, turn } = gathererInHand();
  const stop = new AbortController();
  const given = [put('a', 'g', stop.signal), put('b', 'g', stop.signal)].map((answer) =>
    assert.rejects(answer, { code: 'ABORTED' }),
  );
  const kept = put('b');
  stop.abort();
  await Promise.all(given);
  await turn();
  assert.deepEqual(
    queries.map(({ ids }) => ids),
    [['b']],
  );
  queries[0]?.answer();
  assert.equal(await kept, 'about b');
});
