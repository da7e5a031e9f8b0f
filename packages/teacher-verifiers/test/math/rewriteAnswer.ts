/** The same answer in other spellings, and other answers that look like it. */

const digits = /\d+(?:\.\d+)?/

/** Spacing, delimiters, fraction commands, sized brackets, thousands. */
export const respellings = (answer: string): ReadonlyArray<string> =>
  [
    ` ${answer} `,
    `$${answer}$`,
    `\\(${answer}\\)`,
    `\\boxed{${answer}}`,
    `$\\displaystyle ${answer}.$`,
    answer.replaceAll(/\\d?frac/g, "\\tfrac"),
    answer.replaceAll("\\frac", "\\dfrac"),
    answer.replaceAll(/\\frac(\d)(\d)/g, "\\frac{$1}{$2}"),
    answer.includes("\\text")
      ? answer
      : answer
          .replaceAll(/(?<!\\)[([]/g, (open) => `\\left${open}`)
          .replaceAll(/(?<!\\)[)\]]/g, (close) => `\\right${close}`),
    answer.replaceAll(/\\left|\\right/g, ""),
    answer.replaceAll(/(?<=[\d}a-z])([-+=])(?=[\d\\a-z])/g, " $1 "),
    answer.replaceAll(/\s*([-+=,])\s*/g, (_, sign: string) => (sign === "," ? ", " : sign)),
    answer.replaceAll(/\\text\{([^{}]*)\}/g, "\\mbox{$1}"),
    answer.replaceAll("\\", "\\\\").replaceAll("\\\\\\\\", "\\\\"),
    answer.replaceAll("^\\circ", "^{\\circ}"),
    /^\d{4,}$/.test(answer) ? Number(answer).toLocaleString("en-US") : answer,
    /^\d{4,}$/.test(answer)
      ? Number(answer).toLocaleString("en-US").replaceAll(",", "{,}")
      : answer,
    /^\d{4,}$/.test(answer)
      ? Number(answer).toLocaleString("en-US").replaceAll(",", "\\,")
      : answer,
    /^[\d.]+$/.test(answer) ? `${answer}\\text{ units}` : answer
  ].filter((respelling) => respelling !== answer)

/** A number changed, a digit added, the sign of the whole turned, a part added. */
export const perturbations = (answer: string): ReadonlyArray<string> => {
  const changed = answer.replace(digits, (number) => String(Number(number) + 1))
  const longer = answer.replace(digits, (number) => `${number}7`)
  const isNumeric = /^[-\d.,!\\{}a-z\s/]*$/.test(answer) && !/text|mbox|begin|pm/.test(answer)
  const isZero = /^0$/.test(answer)
  const turned = answer.startsWith("-") ? answer.slice(1) : `-${answer}`
  return [
    ...(digits.test(answer) ? [changed, longer] : [`${answer} 5`, `not ${answer}`]),
    ...(isNumeric && !isZero && !answer.includes(",") ? [turned] : []),
    ...(isNumeric ? [`${answer}+1`, `${answer}, 987`] : [])
  ].filter((other) => other !== answer)
}
