/** Programming tasks. */
import { inflateSync } from "node:zlib"

import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { datasetReader, type DatasetReader, has, Unfit } from "./DatasetReader.ts"
import { unpickleText } from "./unpickleText.ts"

type Language = "python" | "javascript" | "typescript"

const titles = { python: "Python", javascript: "JavaScript", typescript: "TypeScript" } as const

const fenced = (language: Language, code: string): string =>
  `\`\`\`${language}\n${code.replace(/\n+$/, "")}\n\`\`\``

const codeTask = (
  id: string,
  prompt: string,
  language: Language,
  tests: Schema.Json,
  more: { readonly preamble?: string; readonly solution?: string | undefined } = {}
): Task => {
  const { preamble = "", solution } = more
  const knowledge = {
    kind: "program",
    language,
    preamble,
    tests,
    ...(solution !== undefined && { solution: solution.replaceAll("\r\n", "\n") })
  }
  return { id, domain: "code", prompt, knowledge, missing: [] }
}

const languageOf = (named: string | undefined, id: string): Language => {
  const name = (named ?? (/javascript|typescript/i.exec(id)?.[0] || "python")).toLowerCase()
  if (name === "python" || name === "javascript" || name === "typescript") return name
  throw new Unfit(
    `the language ${name} is not supported, but python, javascript and typescript are`
  )
}

/** What stands before the function that is asked for: imports, helper functions, types. */
const preambleLength = (prompt: string, entry: string, language: Language): number => {
  if (!prompt.includes(entry)) throw new Unfit(`the prompt does not name ${entry}`)
  if (language !== "python") return Math.max(0, prompt.lastIndexOf("/**"))
  const found = new RegExp(`^(?:async )?def ${entry}\\b`, "m").exec(prompt)
  if (found === null) throw new Unfit(`the prompt does not begin the function ${entry}`)
  return found.index
}

const humanEvalTask = (
  id: string,
  prompt: string,
  entry: string,
  source: string,
  language: Language,
  completion: string | undefined
): Task => {
  const length = preambleLength(prompt, entry, language)
  return codeTask(
    id,
    `Write this ${titles[language]} function in full; the code block shows its beginning.\n\n${fenced(language, prompt)}`,
    language,
    { kind: "check", source, entry },
    {
      preamble: prompt.slice(0, length),
      solution: completion === undefined ? undefined : prompt.slice(length) + completion
    }
  )
}

// some names of the published files end in a blank
const Identifier = Schema.String.check(Schema.isPattern(/^\s*[A-Za-z_$][\w$]*\s*$/))

const humanEval = datasetReader({
  format: "humaneval",
  knows: has("task_id", "prompt", "entry_point", "test"),
  schema: Schema.Struct({
    task_id: Schema.NonEmptyString,
    prompt: Schema.NonEmptyString,
    entry_point: Identifier,
    test: Schema.NonEmptyString,
    canonical_solution: Schema.optionalKey(Schema.NullOr(Schema.String)),
    language: Schema.optionalKey(Schema.String)
  }),
  read: ({ canonical_solution, entry_point, language, prompt, task_id, test }) =>
    humanEvalTask(
      `humaneval:${task_id}`,
      // MINT's prompts end without a line break
      prompt.endsWith("\n") ? prompt : `${prompt}\n`,
      entry_point.trim(),
      test,
      languageOf(language, task_id),
      canonical_solution ?? undefined
    )
})

const Lines = Schema.Array(Schema.String)

const mbpp = datasetReader({
  format: "mbpp",
  knows: has("task_id", "code", "test_list"),
  schema: Schema.Struct({
    task_id: Schema.Union([Schema.Int, Schema.NonEmptyString]),
    text: Schema.optionalKey(Schema.NonEmptyString),
    prompt: Schema.optionalKey(Schema.NonEmptyString),
    code: Schema.NonEmptyString,
    test_list: Schema.NonEmptyArray(Schema.NonEmptyString),
    test_setup_code: Schema.optionalKey(Schema.String),
    test_imports: Schema.optionalKey(Lines)
  }),
  read: ({ code, prompt, task_id, test_imports = [], test_list, test_setup_code = "", text }) => {
    const statement = text ?? prompt
    if (statement === undefined) throw new Unfit("neither a text nor a prompt says what to write")
    const setup = [...test_imports, test_setup_code].filter((line) => line !== "").join("\n")
    return codeTask(
      `mbpp:${task_id}`,
      // the name of the function stands only in the tests: the first of them is shown
      `${statement.trim()}\n\nWrite it in Python; it has to pass this test and others:\n\n${fenced("python", test_list[0])}`,
      "python",
      {
        kind: "asserts",
        setup: setup.replaceAll("\r\n", "\n"),
        asserts: test_list.map((test) => test.replaceAll("\r\n", "\n"))
      },
      { solution: code }
    )
  }
})

const parseJson = (text: string, what: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw new Unfit(`${what} is no JSON`)
  }
}

const decodeAs = <A>(schema: Schema.Codec<A, unknown>, value: unknown, what: string): A => {
  const decoded = Schema.decodeUnknownResult(schema)(value)
  if (Result.isSuccess(decoded)) return decoded.success
  throw new Unfit(`${what}: ${decoded.failure.message.replaceAll(/\s+/g, " ")}`)
}

const Json = Schema.Json

const Cases = Schema.Array(
  Schema.Struct({
    input: Schema.String,
    output: Schema.String,
    testtype: Schema.Literals(["stdin", "functional"])
  })
)

/** Private tests are JSON, or the same pickled, packed with zlib and written in base64. */
const testCases = (text: string, what: string): typeof Cases.Type => {
  if (text.trim() === "") return []
  if (text.trimStart().startsWith("[")) return decodeAs(Cases, parseJson(text, what), what)
  try {
    const json = unpickleText(
      inflateSync(Buffer.from(text, "base64"), { maxOutputLength: 2 ** 29 })
    )
    return decodeAs(Cases, parseJson(json, what), what)
  } catch (cause) {
    if (cause instanceof Unfit) throw cause
    throw new Unfit(`${what} are neither JSON nor packed JSON`)
  }
}

const stdinSentence =
  "Write a Python program that reads from standard input and writes to standard output."

const withStarter = (question: string, starter: string): string =>
  `${question.trim()}\n\nWrite it in Python, in full; begin with this:\n\n${fenced("python", starter)}`

const Metadata = Schema.Struct({ func_name: Schema.optionalKey(Schema.String) })

const liveCodeBench = datasetReader({
  format: "livecodebench",
  knows: has("question_content", "public_test_cases"),
  schema: Schema.Struct({
    question_content: Schema.NonEmptyString,
    question_id: Schema.optionalKey(Schema.NonEmptyString),
    starter_code: Schema.optionalKey(Schema.String),
    public_test_cases: Schema.String,
    private_test_cases: Schema.optionalKey(Schema.String),
    metadata: Schema.optionalKey(Schema.String)
  }),
  read: (record, { index, stem }) => {
    const { metadata = "{}", question_content, question_id, starter_code = "" } = record
    const cases = [
      ...testCases(record.public_test_cases, "the public tests"),
      ...testCases(record.private_test_cases ?? "", "the private tests")
    ]
    const id = `livecodebench:${question_id ?? `${stem}/${index}`}`
    if (cases.length === 0) throw new Unfit("there are no tests")
    if (cases.every(({ testtype }) => testtype === "stdin")) {
      const tests = {
        kind: "stdio",
        cases: cases.map(({ input, output }) => ({ input, output }))
      }
      return codeTask(id, `${question_content.trim()}\n\n${stdinSentence}`, "python", tests)
    }
    const { func_name: fn } = decodeAs(Metadata, parseJson(metadata, "metadata"), "metadata")
    if (fn === undefined || cases.some(({ testtype }) => testtype === "stdin")) {
      throw new Unfit("the tests call a function that the metadata do not name (func_name)")
    }
    const calls = cases.map(({ input, output }) => ({
      fn,
      args: input
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => decodeAs(Json, parseJson(line, `the argument ${line}`), "an argument")),
      expected: decodeAs(Json, parseJson(output, `the value ${output}`), "a value")
    }))
    return codeTask(id, withStarter(question_content, starter_code), "python", {
      kind: "calls",
      calls
    })
  }
})

const textOf = (value: Schema.Json): string => {
  if (typeof value === "string") return value
  return Array.isArray(value) ? value.map(textOf).join("\n") : JSON.stringify(value)
}

const InputOutput = Schema.Struct({
  fn_name: Schema.optionalKey(Schema.NonEmptyString),
  inputs: Schema.Array(Json),
  outputs: Schema.Array(Json)
})

const apps = datasetReader({
  format: "apps",
  knows: has("question", "input_output"),
  schema: Schema.Struct({
    question: Schema.NonEmptyString,
    input_output: Schema.String,
    id: Schema.optionalKey(Schema.Union([Schema.Int, Schema.NonEmptyString])),
    problem_id: Schema.optionalKey(Schema.Union([Schema.Int, Schema.NonEmptyString])),
    starter_code: Schema.optionalKey(Schema.NullOr(Schema.String)),
    solutions: Schema.optionalKey(Schema.NullOr(Schema.String))
  }),
  read: (record, { index, stem }) => {
    const { question, solutions } = record
    const id = `apps:${record.problem_id ?? record.id ?? `${stem}/${index}`}`
    const { fn_name, inputs, outputs } = decodeAs(
      InputOutput,
      parseJson(record.input_output, "input_output"),
      "input_output"
    )
    if (inputs.length === 0 || inputs.length !== outputs.length) {
      throw new Unfit(`there are ${inputs.length} inputs and ${outputs.length} outputs`)
    }
    const known = (solutions ?? "") === "" ? [] : parseJson(solutions ?? "", "solutions")
    const solution = decodeAs(Lines, known, "solutions")[0]
    const starter = record.starter_code ?? ""
    if (fn_name === undefined) {
      const cases = inputs.map((input, place) => ({
        input: textOf(input),
        output: textOf(outputs[place] ?? "")
      }))
      const prompt =
        starter === "" ? `${question.trim()}\n\n${stdinSentence}` : withStarter(question, starter)
      return codeTask(id, prompt, "python", { kind: "stdio", cases }, { solution })
    }
    const calls = inputs.map((args, place) => {
      const output = outputs[place] ?? null
      if (!Array.isArray(args))
        throw new Unfit("the inputs of a function are no lists of arguments")
      // a value is wrapped into a list of one
      const value: Schema.Json = Array.isArray(output) && output.length === 1 ? output[0] : output
      return { fn: fn_name, args, expected: value }
    })
    const prompt =
      starter === ""
        ? `${question.trim()}\n\nWrite a Python function ${fn_name}.`
        : withStarter(question, starter)
    return codeTask(id, prompt, "python", { kind: "calls", calls }, { solution })
  }
})

export const codeReaders: ReadonlyArray<DatasetReader> = [humanEval, mbpp, liveCodeBench, apps]
