/** What one template may take, and what one rendering may cost: whichever is reached first ends it. All but the last count, so they do not depend on the machine. */
export const templateLimits = {
  /** Of the template itself. */
  sourceCharacters: 32_768,
  /** Tags, outputs and pieces of text, each time they are written. */
  steps: 10_000,
  /** Characters and list items that filters make. */
  memory: 200_000,
  resultCharacters: 131_072,
  /** The last resort, looked at with every step. */
  timeMs: 50,
} as const;
