import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { fileURLToPath } from "node:url"

import * as NodeServices from "@effect/platform-node/NodeServices"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { reset } from "@sml/env-pomdp"
import { RunStore } from "@sml/run-store"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"

import { jsonText } from "../src/jsonText.ts"
import type { Ended } from "./support/sml.ts"
import { sml } from "./support/sml.ts"

const escape = "\u001b[2J\u009b31m"

let root = ""

/** Three runs in a folder: two alike but for the seed and the last step, and one before its first step. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-runs-"))
  await chmod(root, 0o755)
  const made = Effect.gen(function* () {
    const store = yield* RunStore
    const ids: Array<string> = []
    for (const seed of [1, 2]) {
      const run = yield* store.create({
        root: join(root, "runs"),
        label: `seed-${seed}`,
        config: { seed, steps: 2, note: `hostile ${escape}`, apiKey: "canary-4711" }
      })
      ids.push(run.id)
      yield* run.appendMetrics({ step: 1, reward: 0.25, "seconds/total": seed })
      yield* run.appendMetrics({ step: 2, reward: seed / 2, "seconds/total": 2 })
      const state = reset(
        { id: "1+1", domain: "math", prompt: "1 + 1 ?", knowledge: 2, missing: [] },
        { horizon: 4 }
      )
      yield* run.appendEpisodes([
        {
          step: 1,
          phase: "train",
          episode: {
            state: {
              ...state,
              history: [...state.history, { role: "student", text: `three ${escape}` }],
              verdicts: [{ _tag: "Attempt", correct: false, diagnostics: null }]
            },
            stop: "horizon",
            reward: 0
          }
        }
      ])
      yield* run.saveCheckpoint(2, () => Effect.void)
    }
    return ids
  })
  await Effect.runPromise(
    made.pipe(Effect.provide(RunStore.layer.pipe(Layer.provideMerge(NodeServices.layer))))
  )
})

afterAll(() => rm(root, { recursive: true, force: true }))

const runs = (...args: ReadonlyArray<string>) =>
  sml(["runs", ...args, "--runs", join(root, "runs")])

const tabular = fileURLToPath(import.meta.resolve("./fixtures/tabular.config.ts"))

const assertOneSentence = ({ code, err, out }: Ended, sentence: RegExp) => {
  assert.match(err, sentence)
  assert.strictEqual(err.trimEnd().split("\n").length, 1, err)
  assert.strictEqual(out, "")
  assert.strictEqual(code, 1)
}

const Listed = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ id: Schema.String, steps: Schema.Int, status: Schema.String }))
)

// oxlint-disable-next-line no-control-regex
const controls = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/

describe("sml runs", () => {
  it("lists, shows and compares what lies in the folder, with nothing that a terminal obeys", async () => {
    const listed = await runs("list", "--json")
    assert.strictEqual(listed.err, "")
    const all = Schema.decodeUnknownSync(Listed)(listed.out)
    assert.deepStrictEqual(
      all.map(({ status, steps }) => [status, steps]),
      [
        ["stored", 2],
        ["stored", 2]
      ]
    )
    const [table, shown, json, said, compared] = await Promise.all([
      runs("list"),
      runs("show", "seed-1"),
      runs("show", "seed-1", "--json"),
      runs("show", "seed-1", "--step", "1"),
      runs("compare", "seed-1", "seed-2")
    ])
    assert.include(table.out, all[0]?.id ?? "no id")
    assert.match(shown.out, /checkpoints +2\n/)
    assert.match(shown.out, /reward +0\.25 +0\.5 +0\.375/)
    assert.match(said.out, /reward 0\n {2}teacher: 1 \+ 1 \?\n {2}student: three .*\(wrong\)/)
    assert.match(compared.out, /differ from step 2 on/)
    assert.match(compared.out, /^seed +1 +2$/m)
    for (const { err, out } of [table, shown, json, said, compared]) {
      assert.strictEqual(err, "")
      assert.notMatch(out, controls)
      assert.notInclude(out, "canary-4711")
    }
    const parsed: unknown = JSON.parse(json.out)
    assert.include(JSON.stringify(parsed), "<redacted>")
    assert.notInclude(await readFile(join(root, "runs", "runs.db"), "latin1"), "canary-4711")
  })

  it("exports JSON lines, CSV and TensorBoard's events", async () => {
    const out = join(root, "export.csv")
    const lines = await runs("export", "seed-1")
    const csv = await runs("export", "seed-1", "--format", "csv", "--out", out)
    const events = await runs("export", "seed-1", "--format", "tensorboard")
    assert.deepStrictEqual(
      lines.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).kind),
      ["run", "step", "step", "episode"]
    )
    assert.strictEqual(csv.out, `written: ${out}\n`)
    assert.strictEqual(
      await readFile(out, "utf8"),
      "step,reward,seconds/total\r\n1,0.25,1\r\n2,0.5,2\r\n"
    )
    const file = events.out.replace(/^written: /, "").trimEnd()
    assert.match(file, /seed-1.*tensorboard.*events\.out\.tfevents/)
    assert.include(await readFile(file, "latin1"), "brain.Event:2")
    assertOneSentence(
      await runs("export", "seed-1", "--format", "csv", "--out", join(root, "none", "x.csv")),
      /^cannot export the run in .*x\.csv: it does not exist/
    )
  })

  it("removes a run with its folder, and never what a link leads to", async () => {
    const folder = join(root, "removing")
    const ids = await readdir(join(root, "runs"))
    const id = ids.find((each) => each.includes("seed-1")) ?? assert.fail("no run")
    const outside = join(root, "outside")
    await mkdir(join(folder), { recursive: true })
    await mkdir(outside)
    const config = "{}"
    await writeFile(join(outside, "config.json"), config)
    await symlink(outside, join(folder, id))
    assertOneSentence(
      await sml(["runs", "rm", id, "--runs", folder]),
      /leads out of .*, so it is refused/
    )
    assert.strictEqual(await readFile(join(outside, "config.json"), "utf8"), config)
    const kept = await sml(["runs", "rm", id, "--runs", folder, "--keep-folder"])
    assert.match(kept.out, /^removed: .*; its folder .* is left$/m)

    await rm(join(folder, id))
    await mkdir(join(folder, id))
    await writeFile(join(folder, id, "config.json"), config)
    const removed = await sml(["runs", "rm", id, "--runs", folder])
    assert.strictEqual(removed.out, `removed: ${id}\n`)
    assert.notInclude(await readdir(folder), id)
    assert.strictEqual((await sml(["runs", "list", "--runs", folder])).out, "no runs\n")
  })

  it("says what is wrong in one sentence", async () => {
    const file = join(root, "not.db")
    await writeFile(file, "no database ".repeat(200))
    const newer = join(root, "newer.db")
    await sml(["runs", "list", "--runs", join(root, "none"), "--store", newer])
    const database = new DatabaseSync(newer)
    database.exec("INSERT INTO sml_migrations (migration_id, name) VALUES (7, 'later')")
    database.close()
    const sealed = join(root, "sealed")
    await mkdir(sealed)
    await chmod(sealed, 0o555)
    const [unknown, ambiguous, step, corrupt, later, server] = await Promise.all([
      runs("show", "seed-9"),
      runs("show", "seed"),
      runs("show", "seed-1", "--step", "9"),
      runs("list", "--store", file),
      runs("list", "--store", newer),
      runs("list", "--store", "postgres://me:canary-4711@127.0.0.1:1/x")
    ])
    assertOneSentence(unknown, /^there is no run seed-9 in .*runs\.db; /)
    assertOneSentence(ambiguous, /2 runs have that in their names/)
    assertOneSentence(step, /has no dialogues of step 9; it has 2 steps/)
    assertOneSentence(corrupt, /^cannot open the run database in .*not\.db: it is no run database/)
    assertOneSentence(later, /schema is version 7 and this program knows 1; update the program/)
    assertOneSentence(server, /its server does not answer/)
    assert.notInclude(server.err, "canary-4711")
    assertOneSentence(
      await sml(
        ["runs", "list", "--runs", join(root, "none"), "--store", join(sealed, "runs.db")],
        // permissions do not hold root
        process.getuid?.() === 0 ? { uid: 65_534 } : {}
      ),
      /cannot be opened; check that its folder is there and can be written to/
    )
  })

  it("says that another process writes to the database", async () => {
    const file = join(root, "locked.db")
    await runs("list", "--store", file)
    const database = new DatabaseSync(file)
    database.exec("BEGIN IMMEDIATE; DELETE FROM runs")
    try {
      assertOneSentence(
        await runs("rm", "seed-1", "--keep-folder", "--store", file),
        /^cannot .* in .*locked\.db: another process is writing to it/
      )
    } finally {
      database.exec("ROLLBACK")
      database.close()
    }
  })

  it("has help for every command", async () => {
    const commands = ["list", "export"]
    const helps = await Promise.all(commands.map((command) => runs(command, "--help")))
    for (const { code, err, out } of helps) {
      assert.strictEqual(code, 0)
      assert.strictEqual(err, "")
      assert.include(out, "--store")
    }
  })

  it("has what sml train records: tokens, log-probabilities, advantages, and how it ended", async () => {
    const folder = join(root, "recorded")
    const secret = "canary-0815-in-the-environment"
    const trained = await sml(["train", "--config", tabular, "--runs", folder, "--no-eval"], {
      env: { SOME_API_KEY: secret }
    })
    assert.strictEqual(trained.err, "")
    const exported = await sml(["runs", "export", "math", "--runs", folder])
    const lines: ReadonlyArray<Record<string, unknown>> = exported.out
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line))
    const [run, ...rest] = lines
    assert.deepInclude(run, { kind: "run", status: "finished", steps: 4, seeds: { run: 1 } })
    const dialogues = rest.filter(({ kind }) => kind === "episode")
    const steps = rest.filter(({ kind }) => kind === "step")
    assert.lengthOf(steps, 4)
    assert.lengthOf(dialogues, 4 * 4 * 4)
    for (const line of dialogues) {
      assert.match(jsonText(line), /"trace":\{"context":\[0\],"ids":\[\d+\],"logprobs":\[-/)
    }
    // of every group the advantages add up to 0, and not all are 0
    const advantages = dialogues.map(({ advantage }) => Number(advantage))
    assert.isTrue(advantages.some((each) => each !== 0))
    assert.closeTo(
      advantages.reduce((sum, each) => sum + each, 0),
      0,
      1e-6
    )
    // the numbers are those of the folder
    const id = (await readdir(folder)).find((name) => name.includes("math")) ?? "none"
    const kept = await readFile(join(folder, id, "metrics.jsonl"), "utf8")
    assert.deepStrictEqual(
      steps.map(({ metrics }) => metrics),
      kept
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line))
    )
    assert.notInclude(exported.out, secret)
  })

  it("costs a run nothing when its database is damaged, and says so", async () => {
    const folder = join(root, "spoilt")
    const file = join(root, "spoilt.db")
    await writeFile(file, "no database ".repeat(200))
    const trained = await sml(["train", "--config", tabular, "--runs", folder, "--no-eval"], {
      env: { SML_STORE: file }
    })
    assert.strictEqual(trained.code, 0)
    assert.match(trained.out, /the run goes on and is not recorded .*: it is no run database/)
    // a sound one has it from the folder
    const listed = await sml(["runs", "list", "--json", "--runs", folder])
    assert.deepStrictEqual(
      Schema.decodeUnknownSync(Listed)(listed.out).map(({ status, steps }) => [status, steps]),
      [["stored", 4]]
    )
  })
})
