/** `sml verify math` and `sml verify code`. */
import { CallTest, CodeVerifier, ProgramLanguage, verifyProgram } from "@sml/teacher-verifiers/code"
import { AnswerChecker } from "@sml/teacher-verifiers/math"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

import { progressBeside } from "./progressBeside.ts"
import { reported } from "./reported.ts"
import type { CaseVerdict } from "./verifyCases.ts"
import { verifyCases } from "./verifyCases.ts"

const Id = Schema.Union([Schema.String, Schema.Finite])

/** A reference answer and a prediction; other fields are left alone. */
const MathCase = Schema.Struct({ id: Id, gold: Schema.String, pred: Schema.String })

/** A program and the calls that it is tried with; other fields are left alone. */
const CodeCase = Schema.Struct({
  id: Id,
  language: ProgramLanguage,
  code: Schema.String,
  tests: Schema.NonEmptyArray(CallTest)
})

const fileFlag = Flag.String("file").pipe(
  Flag.withMetavar("FILE"),
  Flag.withDescription("the cases, one JSON object a line")
)

/** So that a case's time is its own, and not also that of those before it in the queue. */
const mathConcurrency = 1

/** Programs at a time; the sandboxes run fewer and keep the others waiting. */
const codeConcurrency = 4

const mathCommand = Command.make(
  "math",
  { file: fileFlag },
  Effect.fn("sml.verify.math")(function* ({ file }) {
    const verified = Effect.gen(function* () {
      const checker = yield* AnswerChecker
      // the thread starts before the first case is timed
      yield* checker.judgeAll([{ gold: "1", text: "1" }])
      return yield* verifyCases({
        file,
        schema: MathCase,
        concurrency: mathConcurrency,
        judge: ({ gold, pred }) =>
          checker.judgeAll([{ gold, text: pred }]).pipe(
            Effect.map(([judgement]): CaseVerdict => {
              if (judgement === undefined || judgement._tag === "no-attempt") {
                return { verdict: "no-attempt" }
              }
              const { answer, comparison } = judgement
              return comparison._tag === "undecided"
                ? { verdict: "undecided", answer, reason: comparison.reason }
                : { verdict: comparison._tag, answer }
            }),
            Effect.catch((error) =>
              Effect.succeed<CaseVerdict>({ verdict: "undecided", reason: error.message })
            )
          )
      })
    })
    yield* verified.pipe(
      Effect.provide(AnswerChecker.layer({ source: "prediction" })),
      Effect.provide(progressBeside)
    )
  }, reported)
).pipe(
  Command.withDescription(
    "Judge math answers: reads {id, gold, pred} and prints {id, verdict, ms, …} for each as it is done; the verdict is equal, different, undecided, no-attempt or, for a line that is no case, invalid."
  ),
  Command.withShortDescription("judge math answers of a file")
)

const codeCommand = Command.make(
  "code",
  { file: fileFlag },
  Effect.fn("sml.verify.code")(function* ({ file }) {
    yield* verifyCases({
      file,
      schema: CodeCase,
      concurrency: codeConcurrency,
      judge: ({ code, language, tests }) =>
        verifyProgram({ language, code, tests: { kind: "calls", calls: tests } }).pipe(
          Effect.map((diagnostics): CaseVerdict => ({
            verdict: diagnostics.verdict,
            tests: diagnostics.tests,
            stdout: diagnostics.stdout
          })),
          // the sandbox can not run: never a fall-back to running it some other way
          Effect.catch((error) =>
            Effect.succeed<CaseVerdict>({ verdict: "refused", reason: error.message })
          )
        )
    }).pipe(Effect.provide(CodeVerifier.sandboxes()), Effect.provide(progressBeside))
  }, reported)
).pipe(
  Command.withDescription(
    "Judge programs by running them in a sandbox: reads {id, language, code, tests: [{fn, args, expected}]} with language python, javascript or typescript, and prints {id, verdict, ms, tests, stdout} for each as it is done; the verdict is pass, fail, error, timeout, memory, output-limit, unsupported or flaky, refused where there is no sandbox for the language, or, for a line that is no case, invalid."
  ),
  Command.withShortDescription("judge programs of a file")
)

/** Judges cases of a file without a dialogue. */
export const verifyCommand = Command.make("verify").pipe(
  Command.withDescription(
    "Judge answers and programs of a file with the verifiers that training uses."
  ),
  Command.withShortDescription("judge answers and programs of a file"),
  Command.withSubcommands([mathCommand, codeCommand]),
  Command.withExamples([
    { command: "sml verify math --file cases.jsonl", description: "answers" },
    { command: "sml verify code --file cases.jsonl", description: "programs" }
  ])
)
