/** Text of unknown origin, made fit for a terminal. */

// C0 and C1 controls, escape included, and the marks that reorder or hide text
const unsafe =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/**
 * One line without control characters: what a student says is untrusted and must not move the cursor,
 * recolour the screen or hide text.
 */
export const safeText = (text: string): string => text.replaceAll(unsafe, " ")
