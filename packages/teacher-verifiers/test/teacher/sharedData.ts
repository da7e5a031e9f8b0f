/** Public data sets beside the repository; absent in a plain checkout. */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"

import * as Schema from "effect/Schema"

const folder = join(import.meta.dirname, "../../../../../shared/data")

/** Whether the data is here; a test without it is skipped. */
export const hasData = existsSync(folder)
if (!hasData) console.log(`Tests on public data are skipped: there is no ${folder}.`)

const read = (path: string): string => {
  const bytes = readFileSync(join(folder, path))
  return (path.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")
}

const lines = <A>(schema: Schema.Codec<A, Schema.Json>, path: string): ReadonlyArray<A> =>
  hasData
    ? read(path)
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => Schema.decodeUnknownSync(schema)(JSON.parse(line)))
    : []

/** A word problem with its worked solution. */
export interface WordProblem {
  readonly prompt: string
  readonly answer: string
  readonly solution: string
}

export const gsm8k = (limit: number): ReadonlyArray<WordProblem> =>
  lines(Schema.Struct({ question: Schema.String, answer: Schema.String }), "gsm8k/test.jsonl")
    .slice(0, limit)
    .map(({ answer, question }) => ({
      prompt: question,
      answer: (answer.split("####").at(-1) ?? "").trim(),
      solution: answer
    }))

/** A programming problem: the statement with the signature, and the whole solution. */
export interface ProgramProblem {
  readonly prompt: string
  readonly solution: string
}

export const humanEval = (): ReadonlyArray<ProgramProblem> =>
  lines(
    Schema.Struct({ prompt: Schema.String, canonical_solution: Schema.String }),
    "humaneval/HumanEval.jsonl.gz"
  ).map(({ canonical_solution: solution, prompt }) => ({ prompt, solution }))

export const mbpp = (): ReadonlyArray<ProgramProblem> =>
  hasData
    ? Schema.decodeUnknownSync(
        Schema.Array(Schema.Struct({ prompt: Schema.String, code: Schema.String }))
      )(JSON.parse(read("mbpp/sanitized-mbpp.json"))).map(({ code, prompt }) => ({
        prompt,
        solution: code
      }))
    : []

const Line = Schema.Struct({ text: Schema.String, user: Schema.String })

/** What tutors really said after a mistake, as it was and as teachers would have put it. */
export const tutorReplies = (): ReadonlyArray<string> =>
  hasData
    ? Schema.decodeUnknownSync(
        Schema.Array(Schema.Struct({ c_r: Schema.Array(Line), c_r_: Schema.Array(Line) }))
      )(JSON.parse(read("bridge/test.json"))).flatMap(({ c_r: said, c_r_: better }) =>
        [...said, ...better].filter(({ user }) => user === "tutor").map(({ text }) => text)
      )
    : []

export const wordProblems = (limit: number): ReadonlyArray<WordProblem> =>
  lines(
    Schema.Struct({ input: Schema.String, target: Schema.Finite }),
    "word_problems/mawps_test.jsonl"
  )
    .slice(0, limit)
    .map(({ input, target }) => ({ prompt: input, answer: String(target), solution: "" }))

/** Statements in pieces. */
export const shardedProblems = (limit: number) =>
  hasData
    ? Schema.decodeUnknownSync(
        Schema.Array(
          Schema.Struct({
            answer: Schema.String,
            shards: Schema.Array(Schema.Struct({ shard_id: Schema.Int, shard: Schema.String }))
          })
        )
      )(JSON.parse(read("lost_in_conversation/sharded_gsm8k_v1.json")))
        .slice(0, limit)
        .map(({ answer, shards }) => ({
          prompt: shards[0]?.shard ?? "",
          answer: (answer.split("####").at(-1) ?? "").trim(),
          solution: answer,
          shards: shards
            .slice(1)
            .map(({ shard, shard_id }) => ({ name: `shard-${shard_id}`, text: shard }))
        }))
    : []
