/** `learningRate` → `learning-rate`: an option's name on the command line. */
export const flagName = (option: string): string =>
  option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
