/** The options of `sml eval --suite`. */
import { Informativeness, protocols } from "@sml/eval-harness"
import { TaskMapping } from "@sml/tasks"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"

import { evaluationFolder } from "./evaluationFolder.ts"
import { fetchModel } from "./fetchModel.ts"
import type { SuiteRun } from "./runSuite.ts"
import { isAddress } from "./suiteParties.ts"
import type { ProtocolName } from "./suites.ts"
import { dataSuites, SuiteError } from "./suites.ts"

const isProtocolName = (name: string): name is ProtocolName => Object.hasOwn(protocols, name)

const protocolNames = Object.keys(protocols).filter(isProtocolName)

const described = <A>(flag: Flag.Flag<A>, description: string) =>
  flag.pipe(Flag.withDescription(description), Flag.optional)

/** Flags that mean nothing without `--suite`. */
export const suiteFlags = {
  suite: described(
    Flag.String("suite"),
    `measure any model on a suite: ${Object.keys(dataSuites).join(", ")}, or a generator's name such as shortest-path`
  ),
  model: described(
    Flag.String("model").pipe(Flag.withMetavar("MODEL")),
    "the model of a suite: a folder, a GGUF file, owner/name on the hub, or the address of an OpenAI-compatible server such as http://localhost:11434/v1"
  ),
  modelName: described(Flag.String("model-name"), "which of the server's models"),
  teacher: described(
    Flag.String("teacher"),
    "scripted, self (the model with privileged information), or another model or address (default scripted)"
  ),
  protocol: described(
    Flag.Literals("protocol", protocolNames),
    "how the tasks are told (default: the suite's own)"
  ),
  system: described(
    Flag.String("system").pipe(Flag.withMetavar("TEXT")),
    'what the model is told before the task, "" for nothing (default: how to ask and how to write an answer in the suite\'s domain)'
  ),
  levels: described(
    Flag.String("levels").pipe(Flag.withMetavar("NAMES")),
    `how much the teacher's feedback carries, with commas between: ${Informativeness.literals.join(", ")} (default: the protocol's)`
  ),
  data: described(
    Flag.String("data").pipe(Flag.withMetavar("FILE")),
    "where the suite's tasks are: a file in its published format, or owner/name on the hub"
  ),
  mapping: described(
    Flag.String("mapping").pipe(Flag.withMetavar("JSON")),
    'columns of the suite data: {"prompt": "question", "answer": "result"}, see readTasks of @sml/tasks'
  ),
  split: described(Flag.String("split"), "which split of a data set on the hub"),
  difficulty: described(Flag.Int("difficulty"), "of generated tasks, 1 to 10 (default 1)"),
  limit: described(Flag.Int("limit"), "tasks at most (default 200)"),
  turns: described(Flag.Int("turns"), "student turns at most (default: the protocol's)"),
  trainedTurns: described(
    Flag.Int("trained-turns"),
    "turns per dialogue in the model's training, for the protocol longer: gain-after@N is what later turns add (default 4)"
  ),
  repeats: described(Flag.Int("repeats"), "dialogues per task (default 1)"),
  concurrency: described(Flag.Int("concurrency"), "dialogues at a time (default 16)"),
  requestsPerMinute: described(
    Flag.Int("requests-per-minute"),
    "what a server is asked at most (default: no limit)"
  ),
  cache: described(
    Flag.String("cache").pipe(Flag.withMetavar("DIR")),
    "folder of servers' answers that evaluations share: the same model, conversation and seed is not asked again (default: the folder of --out)"
  ),
  out: described(
    Flag.String("out").pipe(Flag.withMetavar("DIR")),
    "folder of transcripts and report; what it holds already is not played again (default a folder of .sml/evals, named for suite, protocol, model and seed)"
  ),
  failUnder: described(
    Flag.String("fail-under").pipe(Flag.withMetavar("NAME=VALUE")),
    "exit with 1 when a number is lower: hint/success@4=0.5, success@4=0.5 (at every level), or 0.5 (success by the last turn)"
  )
}

/** What the flags give. */
export type SuiteFlags = {
  readonly [Key in keyof typeof suiteFlags]: (typeof suiteFlags)[Key] extends Flag.Flag<infer A>
    ? A
    : never
}

/** The options of an ordinary evaluation that a suite takes as well. */
interface CommonFlags {
  readonly temperature: Option.Option<number>
  readonly maxTokens: Option.Option<number>
  readonly seed: Option.Option<number>
  readonly threads: Option.Option<number>
}

const Levels = Schema.NonEmptyArray(Informativeness)

const wrong = (reason: string) => new SuiteError({ reason })

const atLeastOne = Effect.fnUntraced(function* (
  flag: string,
  given: Option.Option<number>,
  usual: number
) {
  const value = Option.getOrElse(given, () => usual)
  if (value < 1) return yield* wrong(`--${flag} ${value} plays nothing; give at least 1.`)
  return value
})

/** `NAME=VALUE` or `VALUE` of `--fail-under`; without a name it is about success by the last turn. */
export const readBound = Effect.fnUntraced(function* (text: string) {
  const at = text.lastIndexOf("=")
  const least = Number(text.slice(at + 1))
  if (at === 0 || text.slice(at + 1).trim() === "" || !Number.isFinite(least)) {
    return yield* wrong(
      `--fail-under ${text} is no bound; give a number's name and its least value, such as hint/success@4=0.5.`
    )
  }
  return { metric: at < 0 ? undefined : text.slice(0, at), least }
})

const readMapping = (text: string) =>
  Schema.decodeUnknownEffect(Schema.fromJsonString(TaskMapping), { onExcessProperty: "error" })(
    text
  ).pipe(
    Effect.mapError((error) =>
      wrong(
        `--mapping ${text} is no mapping (${error.message.replaceAll(/\s+/g, " ")}); give JSON such as {"prompt": "question", "answer": "result"}.`
      )
    )
  )

const isLocal = (model: string): boolean =>
  !isAddress(model) && model !== "scripted" && model !== "self"

/** The settings of a suite's run, with its models fetched. */
export const readSuiteRun = Effect.fn("sml.readSuiteRun")(function* (
  suite: string,
  flags: SuiteFlags,
  common: CommonFlags
) {
  const path = yield* Path.Path
  const model = Option.getOrUndefined(flags.model)
  if (model === undefined) {
    return yield* wrong(
      `The suite ${suite} needs a model: give --model with a folder, a GGUF file, a name on the hub or a server's address.`
    )
  }
  const modelName = Option.getOrUndefined(flags.modelName)
  if (modelName !== undefined && !isAddress(model)) {
    return yield* wrong(
      `--model-name chooses among a server's models, and ${model} is no address; leave it out.`
    )
  }
  const levels = Option.getOrUndefined(flags.levels)
  const chosen =
    levels === undefined
      ? undefined
      : yield* Schema.decodeUnknownEffect(Levels)(
          levels.split(",").map((each) => each.trim())
        ).pipe(
          Effect.mapError(() =>
            wrong(
              `--levels ${levels} are not all levels; choose among ${Informativeness.literals.join(", ")}.`
            )
          )
        )
  const limit = yield* atLeastOne("limit", flags.limit, 200)
  const concurrency = yield* atLeastOne("concurrency", flags.concurrency, 16)
  const maxTokens = yield* atLeastOne("max-tokens", common.maxTokens, 512)
  const repeats = yield* atLeastOne("repeats", flags.repeats, 1)
  const turns = Option.isSome(flags.turns) ? yield* atLeastOne("turns", flags.turns, 1) : undefined
  const teacher = Option.getOrElse(flags.teacher, () => "scripted")
  const cache = Option.getOrUndefined(flags.cache)
  if (cache !== undefined && !isAddress(model) && !isAddress(teacher)) {
    return yield* wrong(
      "--cache keeps what servers answer, and neither the model nor the teacher is an address; leave it out."
    )
  }
  const seed = Option.getOrElse(common.seed, () => 1)
  const protocol = Option.getOrUndefined(flags.protocol)
  const trainedTurns = Option.isSome(flags.trainedTurns)
    ? yield* atLeastOne("trained-turns", flags.trainedTurns, 4)
    : undefined
  if (trainedTurns !== undefined && protocol !== "longer") {
    return yield* wrong(
      "--trained-turns is for dialogues longer than in training; give --protocol longer, or leave it out."
    )
  }
  // those of the protocol
  const [last, trained] = [turns ?? 10, trainedTurns ?? 4]
  if (protocol === "longer" && last <= trained) {
    return yield* wrong(
      `Dialogues of ${last} turns are not longer than the ${trained} of training; give more --turns or fewer --trained-turns.`
    )
  }
  // what a user wants of such a request is not a task that the scripted teacher knows
  const isOneTurn =
    protocol === "single-turn" ||
    ((protocol === undefined || protocol === "missing-premise") && (turns ?? 1) === 1)
  if (suite === "in3" && teacher === "scripted" && !isOneTurn) {
    return yield* wrong(
      "The scripted teacher cannot answer for the users of in3; give --teacher self or a model, or leave --turns and --protocol out."
    )
  }
  const run: SuiteRun = {
    suite,
    data: Option.getOrUndefined(flags.data),
    split: Option.getOrUndefined(flags.split),
    mapping: Option.isSome(flags.mapping) ? yield* readMapping(flags.mapping.value) : undefined,
    limit,
    difficulty: Option.getOrUndefined(flags.difficulty),
    seed,
    model: isLocal(model) ? yield* fetchModel(model) : model,
    modelName,
    teacher: isLocal(teacher) ? yield* fetchModel(teacher) : teacher,
    protocol,
    options: {
      repeats,
      ...(turns === undefined ? {} : { turns }),
      ...(trainedTurns === undefined ? {} : { trainedTurns }),
      ...(chosen === undefined ? {} : { levels: chosen })
    },
    system: Option.getOrUndefined(flags.system),
    maxTokens,
    temperature: Option.getOrElse(common.temperature, () => 0.7),
    concurrency,
    requestsPerMinute: Option.getOrUndefined(flags.requestsPerMinute),
    threads: Option.getOrUndefined(common.threads),
    cache: cache === undefined ? undefined : path.resolve(cache),
    out: path.resolve(
      Option.getOrElse(flags.out, () =>
        evaluationFolder({ suite, protocol, model, modelName, seed })
      )
    )
  }
  return run
})
