import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, layer } from "@effect/vitest"
import { originText } from "@sml/trainer/OptionOrigin"
import { type GivenFlags, resolveOptions } from "@sml/trainer/resolveOptions"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"

const withFile = (text: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const folder = yield* fs.makeTempDirectoryScoped()
    const file = `${folder}/sml.config.ts`
    yield* fs.writeFileString(file, text)
    return file
  })

const failing = (text: string) =>
  Effect.gen(function* () {
    const file = yield* withFile(text)
    const error = yield* Effect.flip(resolveOptions(Option.some(file), {}))
    return error.message.replace(file, "FILE")
  })

const messageOf = (flags: GivenFlags) =>
  Effect.map(Effect.flip(resolveOptions(Option.none(), flags)), ({ message }) => message)

const withVariables = (env: Record<string, string>) =>
  Effect.provideService(
    ConfigProvider.ConfigProvider,
    ConfigProvider.fromEnv({ env: { PATH: "/bin", SML_STORE: "x", ...env } })
  )

layer(NodeServices.layer)("resolveOptions", (it) => {
  describe("order", () => {
    it.effect("the command line beats the file, the file beats the defaults", () =>
      Effect.gen(function* () {
        const file = yield* withFile(
          `const steps: number = 7
           export default { steps, seed: 3 }`
        )
        const { options } = yield* resolveOptions(Option.some(file), {
          steps: Option.some(5),
          tasks: Option.none()
        })
        assert.strictEqual(options.steps, 5)
        assert.strictEqual(options.seed, 3)
        assert.strictEqual(options.tasks, 32)
      })
    )
  })

  describe("the environment", () => {
    it.effect("comes after the file and before the defaults, and says so", () =>
      Effect.gen(function* () {
        const file = yield* withFile(`export default { steps: 7, seed: 3 }`)
        const { options, origins } = yield* resolveOptions(Option.some(file), {
          seed: Option.some(4)
        }).pipe(
          withVariables({
            SML_TRAIN_STEPS: "9",
            SML_TRAIN_LEARNING_RATE: "1e-3",
            SML_TRAIN_EVAL: "false",
            SML_TRAIN_DOMAIN: "code",
            SML_TRAIN_CHECKPOINT: "7"
          })
        )
        assert.strictEqual(options.steps, 7)
        assert.strictEqual(options.seed, 4)
        assert.strictEqual(options.learningRate, 1e-3)
        assert.isFalse(options.eval)
        assert.strictEqual(options.domain, "code")
        assert.strictEqual(options.checkpoint, "7")
        assert.deepStrictEqual(
          ["seed", "steps", "learningRate", "tasks"].map((key) => {
            const origin = origins.get(key)
            return origin === undefined ? undefined : originText(origin)
          }),
          ["--seed", `${file}: "steps"`, "SML_TRAIN_LEARNING_RATE", undefined]
        )
      })
    )

    it.effect("sets an adapter, one by one with the file and the flags", () =>
      Effect.gen(function* () {
        const file = yield* withFile(`export default { lora: { rank: 4, dropout: 0.1 } }`)
        const variables = {
          SML_TRAIN_LORA_RANK: "2",
          SML_TRAIN_LORA_TARGETS: "q_proj, v_proj"
        }
        const both = yield* resolveOptions(Option.some(file), { loraAlpha: Option.some(3) }).pipe(
          withVariables(variables)
        )
        assert.deepStrictEqual(both.options.lora, {
          rank: 4,
          alpha: 3,
          targets: ["q_proj", "v_proj"],
          dropout: 0.1
        })
        const alone = yield* resolveOptions(Option.none(), {}).pipe(withVariables(variables))
        assert.deepStrictEqual(alone.options.lora, { rank: 2, targets: ["q_proj", "v_proj"] })
      })
    )

    const refused: ReadonlyArray<readonly [Record<string, string>, string]> = [
      [
        { SML_TRAIN_STPES: "3" },
        "SML_TRAIN_STPES is not a known variable; did you mean SML_TRAIN_STEPS?"
      ],
      [{ SML_TRAIN_STEPS: "many" }, 'SML_TRAIN_STEPS is "many"; expected number'],
      [
        { SML_TRAIN_STEPS: "0" },
        "SML_TRAIN_STEPS is 0; expected a value greater than or equal to 1"
      ],
      [
        { SML_TRAIN_LORA_ALPHA: "3" },
        "SML_TRAIN_LORA_ALPHA does nothing without an adapter; give SML_TRAIN_LORA_RANK, too"
      ]
    ]
    for (const [env, expected] of refused) {
      it.effect(`refuses ${JSON.stringify(env)}`, () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(
            resolveOptions(Option.none(), {}).pipe(withVariables(env))
          )
          assert.strictEqual(error.message, expected)
        })
      )
    }
  })

  describe("a low-rank adapter", () => {
    it.effect("flags go over the file's settings, one by one", () =>
      Effect.gen(function* () {
        const file = yield* withFile(`export default { lora: { rank: 4, dropout: 0.1 } }`)
        const { options } = yield* resolveOptions(Option.some(file), {
          loraAlpha: Option.some(3),
          loraTargets: Option.some("q_proj, v_proj"),
          loraRank: Option.none()
        })
        assert.deepStrictEqual(options.lora, {
          rank: 4,
          alpha: 3,
          targets: ["q_proj", "v_proj"],
          dropout: 0.1
        })
      })
    )

    it.effect("there is none unless it is asked for", () =>
      Effect.gen(function* () {
        const { options } = yield* resolveOptions(Option.none(), { loraRank: Option.none() })
        assert.notProperty(options, "lora")
      })
    )

    it.effect("settings without a rank, or out of range, are errors", () =>
      Effect.gen(function* () {
        assert.strictEqual(
          yield* messageOf({ loraAlpha: Option.some(3) }),
          "--lora-alpha does nothing without an adapter; give --lora-rank, too"
        )
        assert.strictEqual(
          yield* messageOf({ loraRank: Option.some(2), loraDropout: Option.some(1) }),
          "--lora-dropout is 1; expected a value less than 1"
        )
        assert.match(
          yield* messageOf({ loraRank: Option.some(2), loraTargets: Option.some("q_proj,") }),
          /^--lora-targets is \["q_proj",""\]; /
        )
      })
    )
  })

  describe("errors", () => {
    it.effect("a file that cannot be run", () =>
      Effect.gen(function* () {
        assert.match(
          yield* failing(`throw new Error("no luck")`),
          /^FILE: it cannot be run \(no luck\); correct it$/
        )
      })
    )

    it.effect("a package that does not exist", () =>
      Effect.gen(function* () {
        assert.match(
          yield* failing(`import "no-such-package"; export default {}`),
          /^FILE: it cannot be run \(Cannot find package 'no-such-package'/
        )
      })
    )

    it.effect("a file that is not there", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(resolveOptions(Option.some("nowhere.ts"), {}))
        assert.strictEqual(
          error.message,
          "nowhere.ts: there is no such file; give --config the path of a configuration"
        )
      })
    )

    it.effect("a flag out of range", () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          resolveOptions(Option.none(), { learningRate: Option.some(-1) })
        )
        assert.strictEqual(error.message, "--learning-rate is -1; expected a value greater than 0")
      })
    )
  })
})
