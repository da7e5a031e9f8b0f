import { NodeServices } from "@effect/platform-node"
import { assert, describe, layer } from "@effect/vitest"
import { type GivenFlags, resolveOptions } from "@sml/trainer/resolveOptions"
import { Effect, FileSystem, Option } from "effect"

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
