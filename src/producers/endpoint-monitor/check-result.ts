import type { Endpoint } from '../../domain/endpoint.js';

/** UP, DEGRADED and DOWN of the documents. Only `up` counts as available. */
export type Grade = 'up' | 'degraded' | 'down';

/** Why a check is `down`. A closed set: it labels a metric. */
export const failureCauses = ['status', 'timeout', 'dns', 'connect', 'tls', 'reset', 'protocol'] as const;
export type FailureCause = (typeof failureCauses)[number];

/** One finished check of one endpoint. */
export interface CheckResult {
  readonly endpoint: Endpoint;
  readonly grade: Grade;
  /** Until the headers of the final answer, or until it was certain that none comes. */
  readonly latencyMs: number;
  /** Of the final answer; undefined when there was none. */
  readonly status: number | undefined;
  /** Of `down` only. */
  readonly cause: FailureCause | undefined;
  /** What went wrong where there was no answer, in a few words without address. */
  readonly detail: string | undefined;
}

/** What counts as up: any 2xx that is not slower than the threshold, or with `isExclusive` faster than it. */
export interface GradeRules {
  readonly thresholdMs: number;
  readonly isExclusive: boolean;
}

/** The grade of an answer by its status and the measured time. A slow answer that is not 2xx is `down`. */
export function gradeOf(status: number, latencyMs: number, { thresholdMs, isExclusive }: GradeRules): Grade {
  if (status < 200 || status > 299) return 'down';
  const isFast = isExclusive ? latencyMs < thresholdMs : latencyMs <= thresholdMs;
  return isFast ? 'up' : 'degraded';
}
