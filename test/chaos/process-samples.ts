import { readdirSync, readFileSync } from 'node:fs';
import type { Seat } from './fleet.js';
import { nowMs } from './history.js';

const pageBytes = 4_096;

export interface ProcessSample {
  readonly atMs: number;
  readonly stage: string;
  readonly residentMb: number;
  readonly descriptorCount: number;
}

/** Memory and open descriptors of every process of the engines, as the system counts them. */
export class ProcessSamples {
  readonly list: ProcessSample[] = [];
  readonly #seats: readonly Seat[];

  constructor(seats: readonly Seat[]) {
    this.#seats = seats;
  }

  take(): void {
    const atMs = nowMs();
    for (const seat of this.#seats) for (const { pid, stage } of seat.parts()) this.#one(pid, stage, atMs);
  }

  /** The largest resident memory and the most descriptors by stage. */
  peaks(): ReadonlyMap<string, Pick<ProcessSample, 'residentMb' | 'descriptorCount'>> {
    const peaks = new Map<string, { residentMb: number; descriptorCount: number }>();
    for (const { stage, residentMb, descriptorCount } of this.list) {
      const peak = peaks.get(stage) ?? { residentMb: 0, descriptorCount: 0 };
      peaks.set(stage, {
        residentMb: Math.max(peak.residentMb, residentMb),
        descriptorCount: Math.max(peak.descriptorCount, descriptorCount),
      });
    }
    return peaks;
  }

  #one(pid: number, stage: string, atMs: number): void {
    try {
      const resident = Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]);
      const descriptorCount = readdirSync(`/proc/${pid}/fd`).length;
      this.list.push({ atMs, stage, residentMb: (resident * pageBytes) / 1_048_576, descriptorCount });
    } catch {
      // It ended meanwhile.
    }
  }
}
