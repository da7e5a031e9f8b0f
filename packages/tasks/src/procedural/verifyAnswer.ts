/** Judging an answer to a generated task. */
import type { Task } from "@sml/env-pomdp"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

import { TaskSourceError } from "../TaskSourceError.ts"
import { finalAnswer } from "./internal/answerText.ts"
import { generatorOf } from "./internal/catalogue.ts"

const Named = Schema.Struct({ generator: Schema.String, instance: Schema.Json })
const decodeNamed = Schema.decodeUnknownResult(Named)

/**
 * Whether an answer to a generated task is right, judged by its generator alone: a pure function.
 * Reads what follows the last `Answer:`, else a `\boxed{}`, else the only line; `undefined` when the
 * text holds no answer.
 *
 * Throws a {@link TaskSourceError} when the task is not generated, or when its answer is a program,
 * which has to be run in a sandbox.
 */
export const verifyAnswer = (task: Task, text: string): boolean | undefined => {
  const named = decodeNamed(task.knowledge)
  const what = `The task ${task.id}`
  if (Result.isFailure(named)) {
    throw new TaskSourceError({ reason: `${what} was made by no generator; verify it elsewhere.` })
  }
  const generator = generatorOf(named.success.generator)
  const answer = finalAnswer(text)
  if (answer === undefined) return undefined
  const isRight = generator.verify(named.success.instance, answer)
  if (isRight !== undefined) return isRight
  throw new TaskSourceError({
    reason:
      generator.judge === "program"
        ? `${what} asks for a program; run it against the tests of its knowledge.`
        : `${what} holds no instance of ${generator.name}; create it again.`
  })
}
