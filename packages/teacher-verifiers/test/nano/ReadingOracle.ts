/**
 * An independent judge of leaks, for the tests: reads tokens one by one, with none of the code under
 * test. It knows the sentences `name is d`, `name should be d`, `name = d` for the names `k`, `m` and
 * `f ( 0 )`, and looks for the answer itself.
 */
export interface Secret {
  readonly domain: "math" | "code"
  /** Digits of the answer in math; of k and m in code. */
  readonly answer: string
  readonly k: number
  readonly m: number
}

const isDigit = (token: string | undefined): token is string =>
  token !== undefined && token.length === 1 && token >= "0" && token <= "9"

/** The number that begins at `index`, its sign dropped. */
const numberAt = (tokens: ReadonlyArray<string>, index: number): number | undefined => {
  let at = tokens[index] === "-" ? index + 1 : index
  let digits = ""
  for (; isDigit(tokens[at]); at++) digits += tokens[at]
  return digits === "" ? undefined : Number(digits)
}

/** What is said about a name of one or more tokens. */
const said = (
  tokens: ReadonlyArray<string>,
  name: ReadonlyArray<string>
): ReadonlyArray<number> => {
  const values: Array<number> = []
  for (let at = 0; at < tokens.length; at++) {
    if (!name.every((token, offset) => tokens[at + offset] === token)) continue
    const after = at + name.length
    const from =
      tokens[after] === "is" || tokens[after] === "="
        ? after + 1
        : tokens[after] === "should" && tokens[after + 1] === "be"
          ? after + 2
          : undefined
    const value = from === undefined ? undefined : numberAt(tokens, from)
    if (value !== undefined) values.push(value)
  }
  return values
}

/** Whether one reply contains the answer. */
export const containsAnswer = (secret: Secret, reply: string): boolean => {
  const tokens = reply.split(" ")
  if (secret.domain === "math") {
    let run = ""
    for (const token of [...tokens, "."]) {
      if (isDigit(token)) run += token
      else {
        if (run === secret.answer) return true
        run = ""
      }
    }
    return false
  }
  return tokens.includes("=>") || tokens.includes("*")
}

/** Whether a reader who does nothing but read knows the whole answer. */
export const readsEverything = (secret: Secret, texts: ReadonlyArray<string>): boolean => {
  if (secret.domain === "math") return texts.slice(1).some((text) => containsAnswer(secret, text))
  const lists = texts.map((text) => text.split(" "))
  const knows = (name: string, value: number) =>
    lists.some((tokens) => said(tokens, name.split(" ")).includes(value))
  return knows("k", secret.k) && (knows("m", secret.m) || knows("f ( 0 )", secret.m))
}
