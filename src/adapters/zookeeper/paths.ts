import { ConfigurationError } from '../../domain/errors.js';
import type { TopicPartition } from '../../domain/position.js';

/** The names under which the engines of 2014 kept offsets and locks, whatever their group was called. */
const ancestors = ['mon-notification', 'monasca-notification'] as const;

/**
 * Where things are in ZooKeeper; no other file knows. Every path is absolute: the chroot is in front of it, so that error messages name
 * nodes as `zkCli` shows them and the chroot itself can be created like any other node.
 *
 *     <chroot>/consumers/<group>/offsets/<topic>/<partition>           next to read
 *     <chroot>/consumers/<group>/ids/<instance>                        ephemeral
 *     <chroot>/consumers/<group>/owners/<topic>/<guid>-lock-<sequence>              topic lock
 *     <chroot>/consumers/<group>/owners/<topic>/<partition>/<guid>-lock-<sequence>  partition lock
 */
export class Paths {
  readonly #chroot: string;
  /** All that is ours lies below; what lies above is shared. */
  readonly root: string;

  constructor(place: { chroot?: string | undefined; group: string }) {
    this.#chroot = checkedChroot(place.chroot ?? '');
    this.root = `${this.#chroot}/consumers/${checkedName(place.group, 'kafka.group')}`;
  }

  get offsets(): string {
    return `${this.root}/offsets`;
  }

  offsetsOf(topic: string): string {
    return `${this.offsets}/${topic}`;
  }

  offset(at: TopicPartition): string {
    return `${this.offsets}/${at.topic}/${at.partition}`;
  }

  instance(instance: string): string {
    return `${this.root}/ids/${instance}`;
  }

  get instances(): string {
    return `${this.root}/ids`;
  }

  owners(topic: string): string {
    return `${this.root}/owners/${topic}`;
  }

  ownersOf(at: TopicPartition): string {
    return `${this.root}/owners/${at.topic}/${at.partition}`;
  }

  /** Offsets of the 2014 engines: the last *finished* one. */
  ancestorOffsets(at: TopicPartition): readonly string[] {
    return ancestors.map((name) => `${this.#chroot}/consumers/${name}/${at.topic}/${at.partition}`);
  }

  ancestorLocks(topic: string): readonly string[] {
    return ancestors.map((name) => `${this.#chroot}/locks/${name}/${topic}`);
  }
}

/** True for the children of `owners` that are partitions, and not lock nodes. */
export function isPartitionName(child: string): boolean {
  return /^[0-9]{1,10}$/.test(child);
}

const lockMark = '-lock-';

export function lockNodePrefix(guid: string): string {
  return `${guid}${lockMark}`;
}

/** Lock nodes among the children, first come first: by sequence, because the guid in front of it says nothing about order. */
export function inLockOrder(children: readonly string[]): readonly string[] {
  const sequence = (child: string) => Number(child.slice(child.lastIndexOf(lockMark) + lockMark.length));
  return children.filter((child) => child.includes(lockMark)).sort((a, b) => sequence(a) - sequence(b));
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

function checkedChroot(chroot: string): string {
  const trimmed = chroot.replace(/\/$/, '');
  if (trimmed === '') return '';
  if (!trimmed.startsWith('/')) throw wrong(`zookeeper.chroot must begin with "/", got ${JSON.stringify(chroot)}`);
  for (const name of trimmed.slice(1).split('/')) checkedName(name, 'zookeeper.chroot');
  return trimmed;
}

function checkedName(name: string, key: string): string {
  if (/^[^\p{Cc}/]+$/u.test(name) && name !== '.' && name !== '..') return name;
  throw wrong(`${key} cannot be used in a ZooKeeper path: ${JSON.stringify(name)}`);
}

function wrong(message: string): ConfigurationError {
  return new ConfigurationError('CONFIG_INVALID', message);
}
