/**
 * What one template may take, and what one rendering may cost: whichever is reached first ends it. All but the last are counted, so that they
 * do not depend on the machine.
 */
export const templateLimits = {
  /** Of the template itself. */
  sourceCharacters: 32_768,
  /** Tags, outputs and pieces of text, each time they are written. */
  steps: 10_000,
  /** Characters and list items that filters make. */
  memory: 200_000,
  /** Taken from `memory` for each date: time zones are slow. */
  dateCost: 200,
  resultCharacters: 131_072,
  /** The last resort, looked at with every step; of the processor, since a busy machine is no fault of a template. */
  processorMs: 50,
} as const;
