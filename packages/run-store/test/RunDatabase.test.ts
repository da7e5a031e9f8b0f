import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { RecordedEpisode, RunRecord } from "@sml/run-store"
import { RunDatabase, sqliteLayer } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import { SqlClient } from "effect/sql"
import * as fc from "fast-check"

import { startPostgres } from "./support/postgres.ts"
import type { Postgres } from "./support/postgres.ts"

const folder = mkdtempSync(join(tmpdir(), "sml-database-"))
let postgres: Postgres | undefined
let count = 0

beforeAll(async () => {
  postgres = await startPostgres()
})

afterAll(async () => {
  await postgres?.stop()
  rmSync(folder, { recursive: true, force: true })
})

const canary = "canary-7f3a9b2c"

const using = <A, E>(
  url: string,
  effect: Effect.Effect<A, E, RunDatabase>,
  options: { readonly lockTimeout?: number } = {}
) =>
  Effect.runPromise(
    effect.pipe(
      Effect.provide(
        RunDatabase.layer({ url, secrets: [canary], ...options }).pipe(
          Layer.provide(NodeServices.layer)
        )
      )
    )
  )

const run = (id: string): RunRecord => ({
  id,
  label: "math",
  directory: join(folder, id),
  status: "running",
  config: { steps: 3, apiKey: "sesame", note: `the key is ${canary}` },
  versions: { node: "24" },
  seeds: { run: 4_294_967_295 },
  machine: { cores: 2 }
})

const json = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value)))
// what no database keeps as it is: 0 and halves of pairs
const text = fc.string({ unit: "grapheme" }).map((found) => found.replaceAll("\u0000", ""))
const word = fc.string({ unit: "grapheme-ascii", maxLength: 8 }).map((found) => `w${found}`)
// neither database keeps the sign of 0 in a column, nor does JSON
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((found) => found + 0)
const tokenId = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const trace = fc.array(fc.tuple(tokenId, finite), { maxLength: 5 }).chain((tokens) =>
  fc.record({
    context: fc.array(tokenId, { maxLength: 5 }),
    ids: fc.constant(tokens.map(([token]) => token)),
    logprobs: fc.constant(tokens.map(([, logprob]) => logprob))
  })
)
const student = fc.record(
  { role: fc.constant("student" as const), text, trace },
  { requiredKeys: ["role", "text"] }
)
const verdict = fc.oneof(
  fc.record({ _tag: fc.constant("NoAttempt" as const), reason: text }),
  fc.record({ _tag: fc.constant("Attempt" as const), correct: fc.boolean(), diagnostics: json })
)

const recorded: fc.Arbitrary<RecordedEpisode> = fc
  .record({
    turns: fc.array(fc.tuple(student, verdict, text), { maxLength: 3 }),
    advantage: finite,
    seed: fc.nat(),
    knowledge: json,
    words: text,
    name: word
  })
  .map(({ advantage, knowledge, name, seed, turns, words }) => ({
    step: 1,
    phase: "train",
    advantage,
    episode: {
      state: {
        episode: `${name}/${seed}`,
        task: { id: name, domain: "math", prompt: `?${words}`, knowledge, missing: [] },
        seed,
        horizon: 4,
        history: [
          { role: "teacher", text: words },
          ...turns.flatMap(([said, , reply]) => [said, { role: "teacher", text: reply } as const])
        ],
        verdicts: turns.map(([, found]) => found),
        replies: turns.map(([, , reply]) => ({ text: reply, disclosed: [] }))
      },
      stop: "horizon",
      reward: 0
    }
  }))

const sample = (): RecordedEpisode => {
  const [found] = fc.sample(recorded, { numRuns: 1, seed: 7 })
  return found ?? assert.fail("no sample")
}

const withKnowledge = (knowledge: Schema.Json): RecordedEpisode => {
  const { episode, ...line } = sample()
  const { state } = episode
  return {
    ...line,
    episode: { ...episode, state: { ...state, task: { ...state.task, knowledge } } }
  }
}

const sqlite = () => join(folder, `runs-${count++}.db`)
const server = () => {
  if (postgres === undefined) return undefined
  const name = `runs${count++}`
  postgres.createDatabase(name)
  return postgres.url + name
}

for (const [kind, fresh] of [
  ["SQLite", sqlite],
  ["PostgreSQL", server]
] as const) {
  const test = (title: string, body: (url: string) => Promise<void>) =>
    it(`${title} (${kind})`, async (context) => {
      const url = fresh()
      if (url === undefined) context.skip("PostgreSQL is not installed")
      else await body(url)
    })

  describe(`RunDatabase on ${kind}`, () => {
    test("gives back every bit of what was written, through another connection", async (url) => {
      let step = 0
      await using(
        url,
        Effect.andThen(RunDatabase, (database) => database.putRun(run("a")))
      )
      await fc.assert(
        fc.asyncProperty(
          fc.array(recorded, { maxLength: 3 }),
          fc.dictionary(word, fc.oneof(finite, json), { maxKeys: 4 }),
          async (episodes, measured) => {
            step += 1
            const { step: _, ...rest } = measured
            const metrics = { ...rest, step }
            const lines = episodes.map((line) => ({ ...line, step }))
            await using(
              url,
              Effect.andThen(RunDatabase, (database) =>
                database.appendStep("a", { metrics, episodes: lines })
              )
            )
            const found = await using(
              url,
              Effect.gen(function* () {
                const database = yield* RunDatabase
                return {
                  metrics: (yield* database.metrics("a")).at(-1),
                  episodes: yield* database.episodes("a", step)
                }
              })
            )
            assert.deepStrictEqual(found.metrics, metrics)
            assert.deepStrictEqual(found.episodes, lines)
          }
        ),
        {
          numRuns: 25,
          // names of secrets are names like others in a task
          examples: [
            [[withKnowledge({ key: [] }), withKnowledge({ token: "C major" })], { secret: "x" }]
          ]
        }
      )
    })

    test("holds a step once, however often it is written, and forgets those after a checkpoint", async (url) => {
      const line = sample()
      const found = await using(
        url,
        Effect.gen(function* () {
          const database = yield* RunDatabase
          yield* database.putRun(run("a"))
          yield* database.putRun(run("b"))
          for (const id of ["a", "b"]) {
            for (const step of [1, 2, 3, 2, 3]) {
              const episodes = [{ ...line, step }]
              yield* database.appendStep(id, { metrics: { step, reward: step / 2 }, episodes })
              yield* database.putCheckpoint(id, {
                step,
                directory: join(folder, id, "checkpoints", `step-${step}`)
              })
            }
          }
          // a second registration, as of a resumed run, leaves the steps
          yield* database.putRun(run("a"))
          yield* database.truncateAfter("a", 2)
          yield* database.removeCheckpoint("a", 1)
          const of = (id: string) =>
            Effect.all({
              metrics: database.metrics(id),
              checkpoints: database.checkpoints(id),
              episodes: Effect.map(database.episodes(id), (all) => all.map(({ step }) => step))
            })
          return { a: yield* of("a"), b: yield* of("b"), runs: yield* database.runs }
        })
      )
      assert.deepStrictEqual(found.a.metrics, [
        { step: 1, reward: 0.5 },
        { step: 2, reward: 1 }
      ])
      assert.deepStrictEqual(found.a.episodes, [1, 2])
      assert.deepStrictEqual(found.a.checkpoints, [
        { step: 2, directory: join(folder, "a", "checkpoints", "step-2") }
      ])
      assert.deepStrictEqual(found.b.episodes, [1, 2, 3])
      assert.lengthOf(found.b.checkpoints, 3)
      assert.deepStrictEqual(
        found.runs.map(({ id, steps }) => ({ id, steps })),
        [
          { id: "a", steps: 2 },
          { id: "b", steps: 3 }
        ]
      )
    })

    test("writes a step whole or not at all", async (url) => {
      const found = await using(
        url,
        Effect.gen(function* () {
          const database = yield* RunDatabase
          yield* database.putRun(run("a"))
          yield* database.appendStep("a", { metrics: { step: 1, reward: 1 }, episodes: [] })
          const line = sample()
          // the metrics are written before this is met
          const broken = JSON.parse(JSON.stringify(line))
          broken.episode.stop = null
          const failure = yield* Effect.flip(
            database.appendStep("a", { metrics: { step: 1, reward: 2 }, episodes: [broken] })
          )
          return { failure, metrics: yield* database.metrics("a") }
        })
      )
      assert.strictEqual(found.failure._tag, "RunStoreError")
      assert.deepStrictEqual(found.metrics, [{ step: 1, reward: 1 }])
    })

    test("removes a run with all that is its own", async (url) => {
      const found = await using(
        url,
        Effect.gen(function* () {
          const database = yield* RunDatabase
          yield* database.putRun(run("a"))
          yield* database.putRun(run("b"))
          yield* database.appendStep("a", { metrics: { step: 1 }, episodes: [] })
          yield* database.remove("a")
          return {
            runs: yield* database.runs,
            missing: yield* Effect.flip(database.metrics("a")),
            unwritten: yield* Effect.flip(
              database.appendStep("a", { metrics: { step: 1 }, episodes: [] })
            )
          }
        })
      )
      assert.deepStrictEqual(
        found.runs.map(({ id }) => id),
        ["b"]
      )
      assert.strictEqual(found.missing.problem, "missing")
      assert.match(found.missing.message, /^there is no run a in .*"sml runs list" names those/)
      assert.strictEqual(found.unwritten.problem, "missing")
    })

    test("refuses a newer schema", async (url) => {
      await using(
        url,
        Effect.andThen(RunDatabase, (database) => database.putRun(run("a")))
      )
      const isFile = !url.startsWith("postgres")
      if (isFile) {
        const database = new DatabaseSync(url)
        database.exec("INSERT INTO sml_migrations (migration_id, name) VALUES (99, 'later')")
        database.close()
      } else {
        postgres?.execute(
          url,
          "INSERT INTO sml_migrations (migration_id, name) VALUES (99, 'later')"
        )
      }
      const error = await using(url, Effect.asVoid(RunDatabase)).then(
        () => assert.fail("it was opened"),
        (failure: unknown) => failure
      )
      assert.match(
        String(error),
        /its schema is version 99 and this program knows 1; update the program/
      )
      assert.notInclude(String(error), "canary-password")
    })

    test("stores no key", async (url) => {
      const line = sample()
      const failing = {
        ...line,
        episode: { ...line.episode, failure: `401 for Bearer ${canary}` }
      }
      const found = await using(
        url,
        Effect.gen(function* () {
          const database = yield* RunDatabase
          yield* database.putRun(run("a"))
          yield* database.appendStep("a", {
            metrics: { step: 1, [canary]: 1, note: canary },
            episodes: [failing]
          })
          return {
            run: yield* database.run("a"),
            episodes: yield* database.episodes("a"),
            metrics: yield* database.metrics("a"),
            place: database.place
          }
        })
      )
      assert.deepStrictEqual(found.run.config, {
        steps: 3,
        apiKey: "<redacted>",
        note: "the key is <redacted>"
      })
      assert.notInclude(JSON.stringify(found), canary)
      assert.notInclude(JSON.stringify(found), "sesame")
      assert.notInclude(JSON.stringify(found), "canary-password")
      if (!url.startsWith("postgres")) {
        assert.notInclude(readFileSync(url, "latin1"), canary)
      }
    })

    test("refuses a checkpoint outside of the run's folder", async (url) => {
      await using(
        url,
        Effect.gen(function* () {
          const database = yield* RunDatabase
          yield* database.putRun(run("a"))
          for (const directory of ["..", "../b/checkpoints", "/etc", "checkpoints/../../b"]) {
            const error = yield* Effect.flip(database.putCheckpoint("a", { step: 1, directory }))
            assert.strictEqual(error.problem, "outside", directory)
          }
          assert.deepStrictEqual(yield* database.checkpoints("a"), [])
        })
      )
    })
  })
}

const refusal = (url: string, options: { readonly lockTimeout?: number } = {}) =>
  using(
    url,
    Effect.andThen(RunDatabase, (database) => database.putRun(run("a"))).pipe(Effect.exit),
    options
  ).then(
    () => assert.fail("it was opened"),
    (failure: unknown) => (failure instanceof Error ? failure.message : String(failure))
  )

describe("RunDatabase says in one sentence", () => {
  it("that a file is no database", async () => {
    const file = sqlite()
    writeFileSync(file, "this is no database, and long enough to be read as one ".repeat(40))
    assert.match(await refusal(file), /^cannot open the run database in .*: it is no run database/)
    assert.match(readFileSync(file, "latin1"), /^this is no database/)
  })

  it("that a database is damaged", async () => {
    const file = sqlite()
    await using(
      file,
      Effect.andThen(RunDatabase, (database) => database.putRun(run("a")))
    )
    const bytes = readFileSync(file)
    bytes.fill(0xff, 100, bytes.length)
    writeFileSync(file, bytes)
    assert.match(await refusal(file), /^cannot .* in .*: it is no run database, or is damaged/)
  })

  it("that another process writes to it, after the wait it was told", async () => {
    const file = sqlite()
    await using(file, Effect.asVoid(RunDatabase))
    const other = new DatabaseSync(file)
    other.exec("BEGIN EXCLUSIVE")
    try {
      const error = await using(
        file,
        Effect.andThen(RunDatabase, (database) => Effect.flip(database.putRun(run("a")))),
        { lockTimeout: 50 }
      )
      assert.strictEqual(error.problem, "locked")
      assert.match(error.message, /^cannot write a run in .*: another process is writing to it/)
    } finally {
      other.exec("ROLLBACK")
      other.close()
    }
    await using(
      file,
      Effect.andThen(RunDatabase, (database) => database.putRun(run("a")))
    )
  })

  it("that its folder cannot be there", async () => {
    const file = sqlite()
    writeFileSync(file, "")
    assert.match(
      await refusal(join(file, "runs.db")),
      /^cannot open the run database in .*cannot be opened/
    )
    assert.match(await refusal(folder), /^cannot open the run database in .*cannot be opened/)
  })

  it("that its folder is read-only", async (context) => {
    if (process.geteuid?.() !== 0) context.skip("only root can become another user")
    const sealed = mkdtempSync(join(folder, "sealed-"))
    process.seteuid?.(65_534)
    try {
      assert.match(
        await refusal(join(sealed, "runs.db")),
        /^cannot (?:open|make) .*(?:read-only|cannot be opened)/
      )
    } finally {
      process.seteuid?.(0)
    }
  })

  it("that a server does not answer, without its password", async () => {
    const message = await refusal("postgres://sml:canary-password@127.0.0.1:1/runs")
    assert.match(message, /^cannot open the run database in postgres:.*its server does not answer/)
    assert.notInclude(message, "canary-password")
  })
})

describe("sqliteLayer", () => {
  it("writes ahead, answers arrays of columns of one name, and streams", async () => {
    const file = sqlite()
    const found = await Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return {
          mode: yield* sql`PRAGMA journal_mode`,
          values: yield* sql`SELECT 1 AS a, 2 AS a, ${true} AS b`.values
        }
      }).pipe(Effect.provide(sqliteLayer({ filename: file })))
    )
    assert.deepStrictEqual(
      found.mode.map((row) => ({ ...row })),
      [{ journal_mode: "wal" }]
    )
    assert.deepStrictEqual(found.values, [[1, 2, 1]])
  })

  it("refuses to write where it was opened for reading", async () => {
    const file = sqlite()
    await using(file, Effect.asVoid(RunDatabase))
    const error = await Effect.runPromise(
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        return yield* Effect.flip(sql`DELETE FROM runs`)
      }).pipe(Effect.provide(sqliteLayer({ filename: file, readOnly: true })))
    )
    assert.match(error.reason.message ?? "", /readonly/)
  })
})
