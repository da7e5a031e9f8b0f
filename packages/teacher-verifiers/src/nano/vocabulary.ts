/**
 * Every token of the scripted teacher's replies and of the student sentences of
 * `StudentSentence.ts`, each once, in a fixed order. Such a text is a sequence of these with single
 * spaces between them.
 */
export const vocabulary: ReadonlyArray<string> = [
  "0 1 2 3 4 5 6 7 8 9 + - * . ( ) ? => answer:",
  "a b f k m x",
  "is it too low high what which digit wrong i am not sure",
  "no quite right try again the first second both yes should be but gives",
  "can tell you that please answer or ask"
].flatMap((line) => line.split(" "))
