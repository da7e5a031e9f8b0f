/**
 * Every token of the generated statements, each once, in a fixed order. A statement is a sequence of
 * these with single spaces between them.
 */
export const vocabulary: ReadonlyArray<string> =
  "0 1 2 3 4 5 6 7 8 9 + - * = . ( ) a b c f k m x find write".split(" ")
