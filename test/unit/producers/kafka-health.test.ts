import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EngineError } from '../../../src/domain/errors.js';
import { KafkaHealth } from '../../../src/producers/kafka-health.js';

type Ending = 'published' | 'ABORTED' | 'RECORD_REFUSED' | 'RIGHT_MISSING';

/** A health, and a publishing that ends as asked for. */
function health() {
  const watched = new KafkaHealth();
  let ending: Ending = 'published';
  const publish = watched.listenTo(async () => {
    if (ending !== 'published') throw new EngineError(ending, `it is ${ending}`, { retriable: true });
  });
  const tell = async (as: Ending) => {
    ending = as;
    await publish({ key: 'k', value: 'v' }, new AbortController().signal).catch(() => undefined);
  };
  return { watched, tell };
}

describe('what a producer knows of Kafka', () => {
  it('is nothing good before it has answered', () => {
    const { watched } = health();
    assert.equal(watched.problem, 'Kafka has not answered yet');
    watched.answered();
    assert.equal(watched.problem, undefined);
  });

  it('follows the answers to its questions while there is no event', () => {
    const { watched } = health();
    watched.failed('nobody listens');
    assert.equal(watched.problem, 'nobody listens');
    watched.answered();
    assert.equal(watched.problem, undefined);
  });

  it('is no better for an answer while an event cannot be published', async () => {
    const { watched, tell } = health();
    watched.failed('too few replicas');
    await tell('ABORTED');
    watched.answered();
    assert.equal(watched.problem, 'too few replicas');
    await tell('RIGHT_MISSING');
    watched.answered();
    assert.equal(watched.problem, 'it is RIGHT_MISSING');
    await tell('published');
    assert.equal(watched.problem, undefined);
  });

  it('is no worse for an event that is refused for what it is', async () => {
    const { watched, tell } = health();
    watched.answered();
    await tell('RECORD_REFUSED');
    assert.equal(watched.problem, undefined);
  });
});
