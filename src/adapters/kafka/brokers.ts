import { messageOf } from '../../domain/errors.js';
import { unlessAborted } from '../../domain/until-aborted.js';
import type { Clock } from '../../ports/system.js';
import type { Telemetry } from '../../telemetry/telemetry.js';
import { CONNECT_LIMIT_MS, createClient, type KafkaClient } from './client.js';
import { type KafkaConnection, parseBrokerAddress } from './connection-options.js';
import { UnreadableAnswer } from './kafka-failure.js';
import type { BrokerAddress, Exchanges, LibraryBroker } from './library-types.js';

interface Peer {
  readonly host: string;
  readonly port: number;
  readonly broker: LibraryBroker;
  /** Requests that are opening the connection, or wait until it is open. */
  openingCount: number;
}

/**
 * Connecting, its log-in included, as a whole: the library limits most of its steps, and forgets to end some of them, as when a broker closes
 * a connection that does not stand yet.
 */
const CONNECTED_LIMIT_MS = 2 * CONNECT_LIMIT_MS;

/**
 * The connections to the brokers of one cluster, opened on first use.
 *
 * Asks once and never by itself again: the caller waits and decides. A connection on which a request failed, was late or was given up is
 * closed, because the library would keep a dead one for as long as TCP does. Nodes are learned from metadata; until then, and when none of
 * them answers, the configured addresses are tried in turn.
 */
export class Brokers {
  readonly #client: KafkaClient;
  readonly #clock: Clock;
  readonly #limitMs: number;
  readonly #seeds: readonly { readonly host: string; readonly port: number }[];
  readonly #nodes = new Map<number, BrokerAddress>();
  readonly #peers = new Map<string, Peer>();
  #turn = 0;
  #isClosed = false;

  constructor(connection: KafkaConnection, requestLimitMs: number, deps: { clock: Clock; telemetry: Telemetry }) {
    this.#client = createClient(connection, requestLimitMs, deps.telemetry);
    this.#clock = deps.clock;
    this.#limitMs = requestLimitMs;
    this.#seeds = connection.brokers.map(parseBrokerAddress);
  }

  /** Where the nodes are now; nodes that are not named any more are forgotten, a moved one is connected anew. */
  learn(addresses: readonly BrokerAddress[]): void {
    this.#nodes.clear();
    for (const address of addresses) this.#nodes.set(address.nodeId, address);
    const known = new Set([...addresses, ...this.#seeds].map(addressText));
    for (const [text, peer] of this.#peers) if (!known.has(text)) this.#drop(peer);
  }

  /** Adds one node, such as a coordinator, to those known. */
  learnOne(address: BrokerAddress): void {
    this.#nodes.set(address.nodeId, address);
  }

  /** `host:port` of a node, for messages. */
  addressOf(node: number): string {
    const address = this.#nodes.get(node);
    return address === undefined ? `node ${node}` : addressText(address);
  }

  /**
   * Sends one request to a node, or to any broker, and returns the decoded answer with its error codes.
   *
   * Ends within the request limit and the time to open a connection, at most fifteen seconds more.
   * @throws UnreadableAnswer when the answer cannot be decoded; Error, naming the broker, for all that may pass.
   */
  async ask<Api extends keyof Exchanges>(
    node: number | 'any',
    api: Api,
    parameters: Exchanges[Api]['ask'],
    signal: AbortSignal,
  ): Promise<Exchanges[Api]['answer']> {
    const peer = await this.#peer(node === 'any' ? this.#nextAddress() : this.#nodes.get(node), node);
    try {
      await this.#connected(peer, signal);
      // Fetches have a connection of their own, which may have to be opened now.
      const limitMs = this.#limitMs + CONNECT_LIMIT_MS;
      return await this.#within(limitMs, this.#exchange(peer, api, parameters), signal);
    } catch (error) {
      if (error instanceof UnreadableAnswer) throw error;
      this.#drop(peer);
      throw new Error(`Kafka broker ${addressText(peer)}, ${api}: ${messageOf(error)}`, { cause: error });
    }
  }

  /** The library calls a broker connected before it has asked it for its versions, without which it can send nothing. */
  async #connected(peer: Peer, signal: AbortSignal): Promise<void> {
    if (peer.openingCount === 0 && peer.broker.isConnected()) return;
    peer.openingCount += 1;
    try {
      // Whoever comes second waits in the library for the first.
      await this.#within(CONNECTED_LIMIT_MS, peer.broker.connect(), signal);
    } finally {
      peer.openingCount -= 1;
    }
  }

  close(): void {
    this.#isClosed = true;
    for (const peer of this.#peers.values()) this.#drop(peer);
  }

  async #within<T>(limitMs: number, work: Promise<T>, signal: AbortSignal): Promise<T> {
    const limit = this.#clock.limit(limitMs, signal);
    try {
      return await unlessAborted(work, limit.signal, () => new Error('given up'));
    } catch (error) {
      throw limit.expired ? new Error('no answer in time', { cause: error }) : error;
    } finally {
      limit.clear();
    }
  }

  async #exchange<Api extends keyof Exchanges>(
    peer: Peer,
    api: Api,
    parameters: unknown,
  ): Promise<Exchanges[Api]['answer']> {
    const call = this.#client.call(peer.broker, api, parameters);
    const decode = async (payload: unknown): Promise<unknown> => {
      try {
        return await call.response.decode(payload);
      } catch (cause) {
        throw new UnreadableAnswer(cause);
      }
    };
    const response = { decode, parse: async (decoded: unknown) => decoded };
    return (await peer.broker.connectionPool.send({ ...call, response, logResponseError: false })) as never;
  }

  async #peer(address: { host: string; port: number } | undefined, node: number | 'any'): Promise<Peer> {
    if (this.#isClosed) throw new Error('the Kafka connections are closed');
    if (address === undefined) throw new Error(`Kafka broker ${node} is not known at this time`);
    const text = addressText(address);
    const present = this.#peers.get(text);
    if (present !== undefined) return present;
    const peer = { host: address.host, port: address.port, broker: await this.#client.open(address), openingCount: 0 };
    // Two requests may have come this far together; both must use the connection that `close` will find.
    const earlier = this.#peers.get(text) ?? peer;
    this.#peers.set(text, earlier);
    return earlier;
  }

  /** A connected broker when there is one; else every known address in turn, nodes and configured ones alike. */
  #nextAddress(): { host: string; port: number } | undefined {
    const connected = [...this.#peers.values()].filter((peer) => peer.broker.isConnected());
    const candidates = connected.length > 0 ? connected : [...this.#seeds, ...this.#nodes.values()];
    this.#turn += 1;
    return candidates[this.#turn % candidates.length];
  }

  #drop(peer: Peer): void {
    const text = addressText(peer);
    if (this.#peers.get(text) === peer) this.#peers.delete(text);
    const reason = new Error('connection given up');
    // Destroyed with an error, the library rejects what waits on the connection and clears its timers; `disconnect` would wait for it.
    for (const connection of peer.broker.connectionPool.pool) connection.socket?.destroy(reason);
  }
}

function addressText(address: { readonly host: string; readonly port: number }): string {
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
