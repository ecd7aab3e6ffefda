import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { DeliveryFailure } from '../../src/domain/errors.js';
import type { Notifier, NotifierPlugin } from '../../src/ports/notifier.js';
import { systemClock, systemRandom } from '../../src/runtime/clock.js';
import { canary } from '../contract/notifier.js';
import { answer, type HttpReaction, HttpReceiver, type SeenRequest } from './http-receiver.js';
import type { Flood, NotifierBench, ReceiverFault } from './notifier-bench.js';
import { silentLogger } from './silent-logger.js';

/** What a status means where the receiver's documents say nothing else. */
export const statusMeanings: readonly (readonly [status: number, failure: DeliveryFailure, retriable: boolean])[] = [
  [300, 'rejected', false],
  [301, 'rejected', false],
  [302, 'rejected', false],
  [303, 'rejected', false],
  [304, 'rejected', false],
  [307, 'rejected', false],
  [308, 'rejected', false],
  [400, 'rejected', false],
  [401, 'unauthorized', false],
  [403, 'unauthorized', false],
  [404, 'rejected', false],
  [405, 'rejected', false],
  [407, 'unauthorized', false],
  [408, 'timed_out', true],
  [409, 'rejected', false],
  [410, 'rejected', false],
  [413, 'rejected', false],
  [422, 'rejected', false],
  [425, 'rate_limited', true],
  [429, 'rate_limited', true],
  [451, 'rejected', false],
  [500, 'server_error', true],
  [501, 'server_error', true],
  [502, 'server_error', true],
  [503, 'server_error', true],
  [504, 'server_error', true],
  [599, 'server_error', true],
];

/** URLs that no notifier may use. `port` is one where somebody listens. */
export function badUrls(port: number): readonly string[] {
  return [
    'ftp://receiver.example/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:25/',
    'javascript:alert(1)',
    'data:,x',
    'receiver.example/hook',
    '//receiver.example/hook',
    'http://',
    'http://[::1',
    'http://receiver.example:99999/',
    `http://user:${canary}@127.0.0.1:${port}/`,
    `http://${canary}@127.0.0.1:${port}/`,
    `http://127.0.0.1:${port}/a b`,
    `http://127.0.0.1:${port}/\r\nX-Injected: ${canary}`,
    `ht\ntp://127.0.0.1:${port}/`,
  ];
}

/** Where a receiver is, or would be. */
type Place = Pick<HttpReceiver, 'url' | 'port'>;

/** Ports this low are nobody's here; one that was just given back could be taken by the next server of a test. */
const nobody: Place = { port: 1, url: (path = '/', host = '127.0.0.1') => `http://${host}:1${path}` };

/** A notifier that speaks HTTP, to be brought before the contract. */
export interface HttpBenchSpec {
  readonly plugin: NotifierPlugin;
  /** Its section, `timeout` aside. */
  section?(receiver: Place): Readonly<Record<string, unknown>>;
  address(receiver: Place): string;
  badAddresses?(receiver: HttpReceiver): readonly string[];
  readonly takesAnyWord?: true;
  /** The answer of a receiver that takes responsibility. */
  readonly success: HttpReaction;
  /** Where the meaning of a status differs from the usual one; undefined: not a failure of the one kind at all. */
  readonly statuses?: Readonly<Record<number, readonly [DeliveryFailure, boolean] | undefined>>;
  /** Answers with a meaning of this receiver's own. */
  readonly answers?: readonly (readonly [
    what: string,
    react: HttpReaction,
    failure: DeliveryFailure,
    retriable: boolean,
  ])[];
  /** What becomes of a send whose answer is lost; `outcome_unknown` unless the first request only asks. */
  readonly lost?: readonly DeliveryFailure[];
  /** What may become of a send whose answer is a flood; `sent` unless the notifier has to read it. */
  readonly flooded?: readonly (DeliveryFailure | 'sent')[];
  /** Whether a request is the one that tells; all are unless said otherwise. */
  isTelling?(request: SeenRequest): boolean;
}

/** Opens a plugin as a worker does, loopback allowed. */
export function openPlugin(
  plugin: NotifierPlugin,
  section: Readonly<Record<string, unknown>> | undefined,
  allow: readonly string[] = ['127.0.0.0/8'],
): Notifier {
  const configured = plugin.configure(section);
  assert.ok(configured.kind === 'ready', JSON.stringify(configured));
  const http = { allow, concurrencyPerDestination: 64 };
  return configured.open({ logger: silentLogger, clock: systemClock, random: systemRandom, http, senders: 4 });
}

function headerOf(request: SeenRequest, name: string): string | undefined {
  return request.headers.find(([one]) => one.toLowerCase() === name)?.[1];
}

function brokenAnswers(fault: (what: string, react: HttpReaction) => ReceiverFault): readonly ReceiverFault[] {
  return [
    fault('a reset after the request', (socket) => socket.resetAndDestroy()),
    fault('a close after the request', (socket) => socket.destroy()),
    fault('an answer that is no HTTP', (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n\r\n')),
    fault('an answer cut in its status line', (socket) => socket.end('HTTP/1.')),
    fault('100,000 headers', (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      socket.write(Array.from({ length: 1e5 }, (_, at) => `x-${at}: y\r\n`).join(''));
    }),
  ];
}

const gzipBomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));

/** Answers that begin as a success and do not end as one. */
function floodsOf(receiver: HttpReceiver, outcomes: Flood['outcomes']): readonly Flood[] {
  const flood = (what: string, react: (socket: Socket) => void): Flood => {
    let before = 0;
    return {
      what,
      cause: () => {
        before = receiver.writtenBytes();
        receiver.react = (socket) => react(socket);
      },
      outcomes,
      takenBytes: () => receiver.writtenBytes() - before,
    };
  };
  const chunk = Buffer.alloc(64 * 1024, 'x');
  return [
    flood('a body without an end', (socket) => {
      const pour = () => {
        while (!socket.destroyed && socket.write(chunk));
      };
      socket.on('drain', pour);
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n');
      pour();
    }),
    flood('a body that trickles', (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const timer = setInterval(() => socket.write('o'), 20);
      socket.on('close', () => clearInterval(timer));
    }),
    flood('a compressed body of 64 MiB', (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${gzipBomb.length}\r\n\r\n`);
      socket.write(gzipBomb);
    }),
  ];
}

function openWith({ plugin, section }: HttpBenchSpec, receiver: Place): (timeout: number) => Notifier {
  const given = section?.(receiver);
  return (timeout) => openPlugin(plugin, { ...given, timeout });
}

/** The notifier and a receiver on loopback that misbehaves in every phase. */
export async function startHttpBench(spec: HttpBenchSpec): Promise<NotifierBench> {
  const receiver = await HttpReceiver.start();
  receiver.react = spec.success;
  const mute = await HttpReceiver.startMute();
  const earlierFault = (what: string, at: Place, failure: DeliveryFailure) => ({
    what,
    address: spec.address(at),
    open: openWith(spec, at),
    failure,
  });
  const earlierFaults = [
    earlierFault('a port where nobody listens', nobody, 'unreachable'),
    earlierFault('a TLS handshake that nobody answers', mute, 'timed_out'),
  ];
  const fault = (what: string, react: HttpReaction, failure: DeliveryFailure, retriable: boolean): ReceiverFault => ({
    what,
    cause: () => {
      receiver.react = react;
    },
    failures: [failure],
    retriable,
  });
  const lost = spec.lost ?? ['outcome_unknown'];
  const broken = (what: string, react: HttpReaction) => ({
    ...fault(what, react, 'outcome_unknown', true),
    failures: lost,
  });
  const statuses = statusMeanings.flatMap(([status, failure, retriable]) => {
    const own = spec.statuses !== undefined && status in spec.statuses;
    const meaning = own ? spec.statuses?.[status] : ([failure, retriable] as const);
    // A receiver may well repeat what it was sent.
    const react: HttpReaction = (socket, request) => answer(status, request.line + request.body)(socket, request);
    return meaning === undefined ? [] : [fault(`status ${status}`, react, meaning[0], meaning[1])];
  });
  return {
    type: spec.plugin.type,
    address: spec.address(receiver),
    badAddresses: spec.badAddresses?.(receiver) ?? badUrls(receiver.port),
    ...(spec.takesAnyWord ? { takesAnyWord: true } : {}),
    faults: [...statuses, ...(spec.answers ?? []).map((one) => fault(...one)), ...brokenAnswers(broken)],
    silences: [
      broken('an accepted request and no answer', () => {}),
      broken('half a status line', (socket) => socket.write('HTTP/1.1 20')),
      broken('half the headers', (socket) => socket.write('HTTP/1.1 200 OK\r\nx-a: b\r\n')),
      {
        what: 'a connection that nobody reads',
        cause: () => {
          receiver.reads = false;
        },
        failures: lost,
        retriable: true,
      },
    ],
    floods: floodsOf(receiver, spec.flooded ?? ['sent']),
    parts: spec.plugin.parts ?? [],
    earlierFaults,
    open: openWith(spec, receiver),
    reset: () => {
      receiver.react = spec.success;
      receiver.reads = true;
      // A request that was given up may still be on its way.
      receiver.cut();
      receiver.requests.length = 0;
    },
    receivedIds: () =>
      receiver.requests
        .filter((request) => spec.isTelling?.(request) ?? true)
        .map((request) => headerOf(request, 'idempotency-key') ?? 'none'),
    addressed: () => receiver.requests.flatMap(({ line, headers }) => [line, ...headers.map((one) => one.join(': '))]),
    said: () => receiver.requests.map(({ body }) => body).join('\n'),
    contactCount: () => receiver.connectionCount,
    close: async () => {
      await Promise.all([receiver.close(), mute.close()]);
    },
  };
}
