/** Questions with a mathematical answer. */
import * as Schema from "effect/Schema"

import {
  datasetReader,
  type DatasetReader,
  has,
  isNumeral,
  mathTask,
  numeral,
  Unfit
} from "./DatasetReader.ts"
import { parseGsm8kAnswer } from "./gsm8kAnswer.ts"

const gsm8k = datasetReader({
  format: "gsm8k",
  knows: (record) => has("question", "answer")(record) && String(record["answer"]).includes("####"),
  schema: Schema.Struct({ question: Schema.String, answer: Schema.String }),
  read: ({ answer, question }, { index, stem }) => {
    const parsed = parseGsm8kAnswer(answer)
    return mathTask(`gsm8k:${stem}/${index}`, question, parsed.answer, parsed.more)
  }
})

const svamp = datasetReader({
  format: "svamp",
  knows: has("Body", "Question", "Answer"),
  schema: Schema.Struct({
    ID: Schema.NonEmptyString,
    Body: Schema.String,
    Question: Schema.String,
    Equation: Schema.optionalKey(Schema.String),
    Answer: Schema.Union([Schema.Finite, Schema.String]),
    Type: Schema.optionalKey(Schema.String)
  }),
  read: ({ Answer, Body, Equation, ID, Question }) => {
    const body = Body.trim()
    // some bodies end in the middle of a sentence, which the question continues
    const prompt = `${body}${/[.,?!;:]$/.test(body) ? "" : ","} ${Question.trim()}`
    const answer = typeof Answer === "number" ? numeral(Answer) : Answer
    const solution = Equation === undefined ? {} : { solution: `${Equation} = ${answer}` }
    return mathTask(`svamp:${ID}`, prompt, answer, solution)
  }
})

/** What stands in the last `\boxed{…}`, brackets inside it included. */
const boxed = (solution: string): string | undefined => {
  const begin = solution.lastIndexOf("\\boxed{")
  if (begin < 0) return undefined
  let depth = 0
  for (let index = begin + 6; index < solution.length; index++) {
    const letter = solution[index]
    if (letter === "{") depth++
    else if (letter === "}" && --depth === 0) return solution.slice(begin + 7, index)
  }
  return undefined
}

const math = datasetReader({
  format: "math",
  knows: has("problem", "solution"),
  schema: Schema.Struct({
    problem: Schema.String,
    solution: Schema.String,
    answer: Schema.optionalKey(Schema.String),
    subject: Schema.optionalKey(Schema.String),
    type: Schema.optionalKey(Schema.String),
    level: Schema.optionalKey(Schema.Union([Schema.Int, Schema.String])),
    unique_id: Schema.optionalKey(Schema.NonEmptyString)
  }),
  read: ({ answer, level, problem, solution, subject, type, unique_id }, { index, stem }) => {
    const found = answer ?? boxed(solution)
    if (found === undefined) throw new Unfit("neither an answer nor a \\boxed{} in the solution")
    const topic = subject ?? type
    return mathTask(`math:${unique_id ?? `${stem}/${index}`}`, problem, found, {
      solution,
      ...(topic !== undefined && { topic }),
      ...(level !== undefined && { level })
    })
  }
})

const wordProblems = datasetReader({
  format: "word-problems",
  knows: has("input", "target"),
  schema: Schema.Struct({
    input: Schema.String,
    target: Schema.Finite,
    code: Schema.optionalKey(Schema.String)
  }),
  read: ({ code, input, target }, { index, stem }) =>
    mathTask(
      `word-problems:${stem}/${index}`,
      input,
      numeral(target),
      code === undefined ? {} : { solution: code.trim() }
    )
})

/** MINT's math, multiple choice and TheoremQA prompts; the others of MINT are read elsewhere. */
const mint = datasetReader({
  format: "mint",
  knows: has("id", "prompt", "reference"),
  schema: Schema.Struct({
    id: Schema.Union([Schema.Int, Schema.String]),
    prompt: Schema.String,
    reference: Schema.Union([
      Schema.String,
      Schema.Finite,
      Schema.Boolean,
      Schema.Array(Schema.Union([Schema.Finite, Schema.String]))
    ]),
    answer_type: Schema.optionalKey(Schema.String)
  }),
  read: ({ answer_type, id, prompt, reference }, { stem }) => {
    const name = `mint:${stem.replace(/\.test_prompts$/, "")}/${id}`
    const type = answer_type === undefined ? {} : { answerType: answer_type }
    if (typeof reference === "number") return mathTask(name, prompt, numeral(reference), type)
    if (typeof reference === "boolean") {
      return mathTask(name, prompt, reference ? "True" : "False", type)
    }
    if (typeof reference !== "string") {
      const items = reference.map((item) => (typeof item === "number" ? numeral(item) : item))
      return mathTask(name, prompt, `[${items.join(", ")}]`, type)
    }
    const isChoice = /^[a-j]$/i.test(reference) && /\bOptions\s*:|\([a-d]\)/i.test(prompt)
    if (isChoice) return mathTask(name, prompt, reference.toUpperCase(), { answerType: "option" })
    const text = reference.trim()
    // MINT writes the integers of MATH as 10.0
    if (/^-?\d+\.0$/.test(text)) return mathTask(name, prompt, text.slice(0, -2), type)
    if (isNumeral(text) || /[\\^_=]/.test(text)) return mathTask(name, prompt, text, type)
    const knowledge = { kind: "text-answer", answer: text }
    return { id: name, domain: "text", prompt: prompt.trim(), knowledge, missing: [] }
  }
})

export const mathReaders: ReadonlyArray<DatasetReader> = [gsm8k, svamp, math, wordProblems, mint]
