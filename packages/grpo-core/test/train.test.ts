import { assert, describe, it } from "@effect/vitest"
import { Student, Teacher } from "@sml/env-pomdp"
import { type StepReport, train } from "@sml/grpo-core"
import { adamW, Learner } from "@sml/policy"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"

import { brokenTeacher, neverRight, parties, policy, secretTasks } from "./HintWorld.ts"

const optimiser = adamW({ learningRate: 0.2 })
const schedule = { _tag: "Cosine", warmupSteps: 3, totalSteps: 9 } as const
const tasks = () => Effect.succeed(secretTasks)
/** Every task twice in a step. */
const twice = () => Effect.succeed([...secretTasks, ...secretTasks])
const world = parties.pipe(Layer.provideMerge(policy))

/** A report without its times. */
const timeless = ({ groups, metrics, step }: StepReport) => ({ groups, metrics, step })

/** The reports of a run in the given parts, each starting from where the one before ended. */
const run = (parts: ReadonlyArray<{ readonly firstStep: number; readonly steps: number }>) =>
  Effect.forEach(parts, (part) =>
    Stream.runCollect(train(twice, { ...part, optimiser, seed: 5, schedule }))
  ).pipe(
    Effect.map((reports) => reports.flat().map(timeless)),
    Effect.provide(world)
  )

const refused = (options: Parameters<typeof train>[1]) =>
  train(tasks, options).pipe(
    Stream.runDrain,
    Effect.flip,
    Effect.map((error) => error.message)
  )

/** The learning rate of each of 6 steps. */
const ratesWith = (options: Pick<Parameters<typeof train>[1], "schedule">) =>
  train(tasks, { steps: 6, optimiser, ...options }).pipe(
    Stream.runCollect,
    Effect.map((reports) =>
      reports.map(({ metrics }) => (metrics.updated ? metrics.learning_rate : 0))
    )
  )

describe("train", () => {
  it.effect("teaches a student to use the teacher's hint", () =>
    Effect.gen(function* () {
      const reports = yield* train(tasks, { steps: 80, horizon: 2, optimiser }).pipe(
        Stream.runCollect
      )
      const [firstTurn = 1, secondTurn = 1] = reports[0]?.metrics.success_by_turn ?? []
      assert.isBelow(firstTurn, 0.35)
      assert.isBelow(secondTurn, 0.6)
      const [last = 1, withHint = 0] = reports.at(-1)?.metrics.success_by_turn ?? []
      // the statement does not tell the digit, so the first turn stays a guess among four
      assert.isBelow(last, 0.6)
      assert.isAbove(withHint, 0.9)
      for (const { metrics } of reports) {
        if (metrics.updated) {
          assert.isBelow(metrics["sampling/logp_difference/max"], 1e-6)
          assert.strictEqual(metrics["clip_ratio/region_mean"], 0)
        }
      }
    }).pipe(Effect.provide(world))
  )

  it.effect("is a function of the seed, and goes on where it stopped", () =>
    Effect.gen(function* () {
      const whole = yield* run([{ firstStep: 0, steps: 6 }])
      assert.deepStrictEqual(yield* run([{ firstStep: 0, steps: 6 }]), whole)
      const halves = [
        { firstStep: 0, steps: 2 },
        { firstStep: 2, steps: 4 }
      ]
      assert.deepStrictEqual(yield* run(halves), whole)
      assert.deepStrictEqual(
        whole.map(({ step }) => step),
        [0, 1, 2, 3, 4, 5]
      )
      const names = whole.flatMap(({ groups }) =>
        groups.flatMap(({ episodes }) => episodes.map(({ state }) => state.episode))
      )
      assert.strictEqual(new Set(names).size, 6 * 8 * 8)
    })
  )

  it.effect("follows the schedule of the learning rate", () =>
    Effect.gen(function* () {
      const constant = { _tag: "Constant", warmupSteps: 2 } as const
      assert.deepStrictEqual(
        yield* ratesWith({ schedule: constant }),
        [0.1, 0.2, 0.2, 0.2, 0.2, 0.2]
      )
      assert.deepStrictEqual(
        yield* ratesWith({}),
        [1, 2, 3, 4, 5, 5].map((part) => 0.2 * (part / 5))
      )
      const linear = { _tag: "Linear", warmupSteps: 2, finalFraction: 0.5 } as const
      assert.deepStrictEqual(
        yield* ratesWith({ schedule: linear }),
        [0.5, 1, 1, 0.875, 0.75, 0.625].map((share) => 0.2 * share)
      )
    }).pipe(Effect.provide(world))
  )

  it.effect("refuses a schedule whose decay never begins", () =>
    Effect.gen(function* () {
      const short = { _tag: "Linear", warmupSteps: 9 } as const
      assert.match(
        yield* refused({ steps: 9, schedule: short }),
        /grpo-core.train: the linear schedule has 9 warmupSteps .* 9 steps in all/
      )
    }).pipe(Effect.provide(world))
  )

  it.effect("asks for tasks by step and seed, and works only when it is asked", () =>
    Effect.gen(function* () {
      const asked: Array<number> = []
      const seeds = new Set<number>()
      const counting = ({ seed, step }: { readonly seed: number; readonly step: number }) =>
        Effect.sync(() => {
          asked.push(step)
          seeds.add(seed)
          return secretTasks
        })
      yield* train(counting, { steps: 100, optimiser }).pipe(Stream.take(3), Stream.runDrain)
      assert.deepStrictEqual(asked, [0, 1, 2])
      assert.strictEqual(seeds.size, 3)
    }).pipe(Effect.provide(world))
  )

  it.effect("updates nothing when it is interrupted during a rollout", () => {
    let gradients = 0
    return Effect.gen(function* () {
      const entered = yield* Deferred.make<void>()
      const stuck = Layer.succeed(Teacher, {
        reply: () => Effect.andThen(Deferred.succeed(entered, undefined), Effect.never)
      })
      const counting = Layer.effect(
        Learner,
        Effect.map(Learner, (learner) => ({
          ...learner,
          forwardBackward: (...pass: Parameters<typeof learner.forwardBackward>) => {
            gradients += 1
            return learner.forwardBackward(...pass)
          }
        }))
      )
      const fiber = yield* Effect.forkChild(
        train(tasks, { steps: 1 }).pipe(
          Stream.runDrain,
          Effect.provide(Layer.merge(stuck, counting)),
          Effect.provide(world)
        )
      )
      yield* Deferred.await(entered)
      yield* Fiber.interrupt(fiber)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      assert.strictEqual(gradients, 0)
    })
  })

  it.effect("goes on when some episodes fail, and stops when all do", () =>
    Effect.gen(function* () {
      const reports = yield* train(tasks, { steps: 1, groupSize: 16 }).pipe(
        Stream.runCollect,
        Effect.provide(brokenTeacher),
        Effect.provide(world)
      )
      // only a right first guess needs no teacher
      const [metrics] = reports.map((report) => report.metrics)
      assert.isAbove(metrics?.["episodes/failed"] ?? 0, 0)
      assert.deepInclude(metrics, { reward: 1, updated: false })

      const error = yield* train(tasks, { steps: 1, groupSize: 2, seed: 1 }).pipe(
        Stream.runDrain,
        Effect.provide(Layer.merge(brokenTeacher, neverRight)),
        Effect.provide(world),
        Effect.flip
      )
      assert.strictEqual(error._tag, "NoEpisodes")
      assert.include(error.message, "the teacher is out")
    })
  )

  it.effect("passes on the failure of the source of tasks", () =>
    Effect.gen(function* () {
      const error = yield* train(() => Effect.fail("no tasks"), { steps: 1 }).pipe(
        Stream.runDrain,
        Effect.flip
      )
      assert.strictEqual(error, "no tasks")
    }).pipe(Effect.provide(world))
  )

  it.effect("refuses options that cannot act", () =>
    Effect.gen(function* () {
      assert.match(yield* refused({ steps: 0 }), /grpo-core\.train.*steps/)
      assert.match(yield* refused({ steps: 1, groupSize: 1 }), /groupSize/)
      assert.match(yield* refused({ steps: 1, horizon: 0 }), /horizon/)
      // @ts-expect-error a misspelt option does not compile
      assert.match(yield* refused({ steps: 1, grupSize: 8 }), /grupSize/)
    }).pipe(Effect.provide(world))
  )
})

/** The world, with a log of how many updates were done at each sampling and of who samples when. */
const watched = () => {
  let updates = 0
  const versions = new Map<string, Array<number>>()
  const order: Array<string> = []
  const watching = Layer.merge(
    Layer.effect(
      Student,
      Effect.map(Student, (student) =>
        Student.of({
          speak: (observation, context) =>
            Effect.gen(function* () {
              const seen = versions.get(context.episode) ?? []
              versions.set(context.episode, [...seen, updates])
              return yield* student.speak(observation, context)
            })
        })
      )
    ),
    Layer.effect(
      Learner,
      Effect.map(Learner, (learner) =>
        Learner.of({
          ...learner,
          step: (settings) =>
            Effect.tap(learner.step(settings), () =>
              Effect.sync(() => {
                updates += 1
                order.push(`update ${updates}`)
              })
            ),
          // others get their turn while the gradient is computed
          forwardBackward: (...pass) =>
            Effect.andThen(Effect.sleep("5 millis"), learner.forwardBackward(...pass))
        })
      )
    )
  ).pipe(Layer.provideMerge(world))
  return { layer: watching, order, versions }
}

/** A source that has nothing for the third step. */
const failing = ({ step }: { readonly step: number }) =>
  step === 2 ? Effect.fail("no tasks") : Effect.succeed(secretTasks)

describe("train with staleness", () => {
  it.live.each([1, 2, 3])("keeps its bound of %d, overlaps, and discards nothing", (staleness) => {
    const { layer, order, versions } = watched()
    return Effect.gen(function* () {
      const steps = 7
      const asked: Array<number> = []
      const counting = ({ step }: { readonly step: number }) =>
        Effect.sync(() => {
          asked.push(step)
          order.push(`rollout ${step}`)
          return [...secretTasks, ...secretTasks]
        })
      const reports = yield* Stream.runCollect(
        train(counting, { steps, staleness, optimiser, verifyLogprobs: false })
      )
      assert.deepStrictEqual(asked, [0, 1, 2, 3, 4, 5, 6])
      assert.deepStrictEqual(
        reports.map(({ step }) => step),
        asked
      )
      for (const { groups, metrics, staleness: behind, step } of reports) {
        assert.isTrue(metrics.updated)
        assert.isAtMost(behind, staleness)
        assert.strictEqual(groups.length, 8)
        for (const { state } of groups.flatMap(({ episodes }) => episodes)) {
          const seen = versions.get(state.episode) ?? []
          assert.isAbove(seen.length, 0)
          for (const version of seen) {
            assert.isAtLeast(version, step - staleness)
            assert.isAtMost(version, step)
          }
        }
      }
      // rollouts that were ahead by as much as they may
      assert.strictEqual(Math.max(...reports.map((report) => report.staleness)), staleness)
      // the rollout of step n begins before update n (counted from 1) is done, not after
      for (let step = 1; step < steps; step++) {
        assert.isBelow(order.indexOf(`rollout ${step}`), order.indexOf(`update ${step}`))
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("still teaches the student to use the hint", () =>
    Effect.gen(function* () {
      const reports = yield* Stream.runCollect(
        train(tasks, { steps: 80, horizon: 2, optimiser, staleness: 1, verifyLogprobs: false })
      )
      assert.isAbove(reports.at(-1)?.metrics.success_by_turn[1] ?? 0, 0.9)
    }).pipe(Effect.provide(world))
  )

  it.effect("ends with the failure of a rollout that ran ahead, and stops the others", () =>
    Effect.gen(function* () {
      const seen: Array<number> = []
      const error = yield* train(failing, {
        steps: 9,
        staleness: 2,
        optimiser,
        verifyLogprobs: false
      }).pipe(
        Stream.tap(({ step }) => Effect.sync(() => seen.push(step))),
        Stream.runDrain,
        Effect.flip
      )
      assert.strictEqual(error, "no tasks")
      assert.deepStrictEqual(seen, [0, 1])
    }).pipe(Effect.provide(world))
  )

  it.effect("is refused where it cannot act", () =>
    Effect.gen(function* () {
      assert.match(yield* refused({ steps: 9, staleness: 1 }), /set verifyLogprobs to false/)
      assert.match(
        yield* refused({ steps: 2, staleness: 2, verifyLogprobs: false }),
        /nothing to run ahead of in 2 step/
      )
    }).pipe(Effect.provide(world))
  )
})
