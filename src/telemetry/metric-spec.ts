/** A program whose metrics have names of their own; the engine, which has none here, puts its prefix in front. */
export type MetricProgram = 'alert-exec' | 'monitor-endpoints' | 'digest';

export interface MetricSpec {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels?: readonly string[];
  /** Values of the last label that exist at 0 from the start; those of `type` and `stage` come with the configuration. */
  readonly values?: readonly string[];
  /** Under which type all those count that are not known here; that series exists from the start, too. */
  readonly otherType?: string;
  /** How one gauge of several processes becomes one figure: their sum, or (without this) the greatest. */
  readonly merge?: 'sum';
  /** Whose metric it is; absent: the engine's. */
  readonly program?: MetricProgram;
}
