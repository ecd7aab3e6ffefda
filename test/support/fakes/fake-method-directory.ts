import type { Alarm } from '../../../src/domain/alarm.js';
import { EngineError, givenUp } from '../../../src/domain/errors.js';
import type { NotificationMethod } from '../../../src/domain/notification.js';
import { Secret } from '../../../src/domain/secret.js';
import type { MethodWish } from '../../../src/ports/digest.js';
import type { AskedMethods, MethodDirectory } from '../../../src/ports/directory.js';

type Action = Readonly<{ definitionId: string; state: string; methodId: string }>;

const fold = (text: string) => text.trimEnd().toLowerCase();

/** Notification methods in memory, found by definition and state. */
export class FakeMethodDirectory implements MethodDirectory {
  /** How many questions were put. */
  askedCount = 0;
  isClosed = false;
  readonly #methods = new Map<string, NotificationMethod>();
  readonly #actions: Action[] = [];
  readonly #digests = new Map<string, MethodWish>();
  readonly #states = new Map<string, string>();
  #failuresLeft = 0;
  /** Says that there may be more than so many rows. */
  unreadBeyond: number | undefined;

  /** Adds or replaces a method; `forAlarms` names definition and state. */
  add(
    method: Partial<Omit<NotificationMethod, 'address'>> & { id: string; address?: string },
    ...forAlarms: [string, string][]
  ): void {
    const { address = `${method.id}@here.com`, ...rest } = method;
    this.#methods.set(method.id, {
      name: 'test notification',
      type: 'email',
      periodMs: 0,
      ...rest,
      address: new Secret(address),
    });
    for (const [definitionId, state] of forAlarms) this.#actions.push({ definitionId, state, methodId: method.id });
  }

  addAction(action: Action): void {
    this.#actions.push(action);
  }

  /** Deletes a method. */
  remove(id: string): void {
    this.#methods.delete(id);
  }

  setState(alarmId: string, state: string): void {
    this.#states.set(fold(alarmId), state);
  }

  /** The next `count` questions are not answered. */
  fail(count: number): void {
    this.#failuresLeft = count;
  }

  /** From now on this method wants digests. */
  wantDigests(methodId: string, wish: MethodWish = {}): void {
    this.#digests.set(methodId, wish);
  }

  async methodsFor(alarm: Alarm, signal: AbortSignal): Promise<readonly NotificationMethod[]> {
    return (await this.askedFor(alarm, signal)).immediate;
  }

  async askedFor(alarm: Alarm, signal: AbortSignal): Promise<AskedMethods> {
    await this.#answer(signal);
    const [definition, state] = [alarm.alarmDefinitionId ?? '', alarm.newState].map(fold);
    const actions = this.#actions.filter(({ definitionId }) => fold(definitionId) === definition);
    const bound = new Set(actions.filter((action) => fold(action.state) === state).map(({ methodId }) => methodId));
    const found = [...new Set(actions.map(({ methodId }) => methodId))]
      .flatMap((id) => this.#methods.get(id) ?? [])
      .sort((one, other) => (one.id < other.id ? -1 : 1));
    return {
      immediate: found.filter(({ id }) => bound.has(id) && !this.#digests.has(id)),
      digest: found
        .filter(({ id }) => this.#digests.has(id))
        .map((method) => ({ method, isBound: bound.has(method.id), wish: this.#digests.get(method.id) ?? {} })),
      unreadBeyond: this.unreadBeyond,
    };
  }

  async mayHaveDigests(): Promise<boolean> {
    return this.#digests.size > 0;
  }

  async methodById(id: string, signal: AbortSignal): Promise<NotificationMethod | undefined> {
    await this.#answer(signal);
    return this.#methods.get(id);
  }

  async alarmState(alarmId: string, signal: AbortSignal): Promise<string | undefined> {
    await this.#answer(signal);
    return this.#states.get(fold(alarmId));
  }

  async ping(signal: AbortSignal): Promise<void> {
    await this.#answer(signal);
  }

  async close(): Promise<void> {
    this.isClosed = true;
  }

  async #answer(signal: AbortSignal): Promise<void> {
    this.askedCount += 1;
    await Promise.resolve();
    if (signal.aborted) throw givenUp('given up');
    if (this.#failuresLeft === 0) return;
    this.#failuresLeft -= 1;
    throw new EngineError('DIRECTORY_UNAVAILABLE', 'the fake is away', { retriable: true });
  }
}
