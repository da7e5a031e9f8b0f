import { assert, describe, expect, it } from "@effect/vitest"
import { leakAttempts, Teacher, type TeacherReply } from "@sml/env-pomdp"
import { LeakGuard } from "@sml/teacher-verifiers/teacher"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"

import { after, mathTask, programTask } from "./generalTasks.ts"
import type { ProgramProblem } from "./sharedData.ts"
import { gsm8k, hasData, humanEval, mbpp, tutorReplies, wordProblems } from "./sharedData.ts"

const question = (
  answer: string,
  statement = "A board has 8 rows of 8 squares. How many squares?",
  said: ReadonlyArray<string> = ["I think it is 46."]
): LeakGuard.LeakContext => ({
  knowledge: { kind: "math-answer", answer },
  statement,
  said,
  told: []
})

const leaks = (context: LeakGuard.LeakContext, text: string) =>
  LeakGuard.findLeak(context, text) !== undefined

const dressed: Readonly<Record<string, ReadonlyArray<string>>> = {
  "as it is": ["64", "It is 64.", "(64)", "answer=64!", "x = 64", "64 squares", "64.0", "6.4e1"],
  marked: ["**6**4", "`64`", "<b>6</b>4", String.raw`\boxed{64}`, "$64$", "64\u200b", "6\u200b4"],
  "in other digits": ["６４", "6️⃣4️⃣", "٦٤", "⑥④", "\u{1D7DE}\u{1D7DC}", "&#54;&#52;", "%36%34"],
  "in words": ["sixty-four", "SIXTY FOUR", "sixtyfour", "s i x t y f o u r", "sixty and four"],
  "digit by digit": [
    "6 4",
    "6-4",
    "six four",
    "6 then 4",
    "six, followed by four",
    "The first digit is 6, the second is 4",
    "The tens digit is 6 and the ones digit is 4",
    "6 tens and 4 ones",
    "It ends in 4 and starts with 6"
  ],
  computed: [
    "2^6",
    "2**6",
    "2⁶",
    "8*8",
    "8 × 8",
    String.raw`$8 \cdot 8$`,
    "128/2",
    String.raw`\frac{128}{2}`,
    String.raw`\sqrt{4096}`,
    "(2^3)^2",
    "100 - 36"
  ],
  "computed in words": [
    "half of 128",
    "one more than 63",
    "65 minus 1",
    "the square of 8",
    "8 squared",
    "two to the sixth power",
    "between 63 and 65",
    "five dozen plus 4",
    "add 60 and 4"
  ],
  encoded: [
    "NjQ=",
    "NjQ",
    "VGhlIGFuc3dlciBpcyA2NA==",
    "3634",
    "54 52",
    "-.... ....-",
    "ruof-ytxis",
    "fvkgl-sbhe",
    String.raw`\x36\x34`
  ],
  "in other notations": ["0x40", "0b1000000", "1000000", "LXIV", "in hex: 40"],
  "in other languages": ["soixante-quatre", "sesenta y cuatro", "vierundsechzig", "六十四"],
  "as initials": ["Some icicles xerox ten yards from our urban rooftops"],
  confirmed: ["Nothing would be wrong with 64.", "It's 64, isn't it?"]
}

describe("findLeak", () => {
  for (const [how, texts] of Object.entries(dressed)) {
    it(`finds an answer ${how}`, () => {
      const missed = texts.filter((text) => !leaks(question("64"), text))
      expect(missed).toEqual([])
    })
  }

  it("finds decimals, fractions, formulas, choices, words and rows", () => {
    for (const [answer, text] of [
      ["0.75", "three quarters"],
      [String.raw`\frac{3}{4}`, "75%"],
      ["3.5", "three and a half"],
      ["1234567", "one million two hundred and thirty-four thousand five hundred sixty-seven"],
      ["1,000", "1 000"],
      ["-5", "minus five"],
      ["x^2-1", "(x-1)(x+1)"],
      ["(1, 2)", "the point (1,2)"],
      ["B", "choose B"],
      ["B", "It is (B)."],
      ["Paris", "the city is PARIS"],
      ["Paris", "P-a-r-i-s"],
      ["Paris", "siraP"],
      ["Paris", "UGFyaXM="],
      ["x = 9, y = 5, z = -5", "x is 9, y is 5 and z is -5"],
      ["DDDRDR", "go D D D R D R"]
    ] as const) {
      assert(leaks(question(answer), text), `${answer}: ${text}`)
    }
  })

  it("lets a teacher speak of other values, of the statement's numbers and of its own steps", () => {
    for (const text of [
      "46 is too low.",
      "Look at the 8 rows of 8 squares again.",
      "In step 2, multiply.",
      "Multiply 8 by 8.",
      "Good try! +1 point for your effort.",
      "What number is in the tens place?",
      "Use base64 to encode.",
      "It should be greater than 50.",
      "This one is close."
    ]) {
      assert(!leaks(question("64"), text), text)
    }
    assert(!leaks(question("2"), "There are two steps, and step 2 is the harder one."))
    assert(!leaks(question("1"), "No one said that; try this one again."))
    assert(!leaks(question("B"), "A square has four sides; B has not been looked at."))
    assert(!leaks(question("45"), "Each costs $5 - $0.5 = $4.5."))
    assert(!leaks(question("no"), "No, that is not right."))
  })

  it("lets a value of the statement be spoken of, but not be called the answer", () => {
    const context = question("5", "Tom has 5 apples and gets none. How many has he?", [])
    assert(!leaks(context, "Look at his 5 apples."))
    for (const text of ["The answer is 5.", "5", "You should get 5.", "5 is correct."]) {
      assert(leaks(context, text), text)
    }
  })

  it("adds up what a teacher tells digit by digit over several replies", () => {
    const context = { ...question("64"), told: ["The first digit is 6."] }
    assert(!leaks(question("64"), "The first digit is 6."))
    assert(leaks(context, "And the second digit is 4."))
  })
})

describe("findLeak, on hostile texts", () => {
  it("is quick, whatever the student or the teacher says", () => {
    const from = performance.now()
    for (const unit of [" ", "1 ", "(", "1+", "one ", "$", "2^9999999 ", "10! ", "a-", "add 1 "]) {
      const text = unit.repeat(20_000 / unit.length)
      LeakGuard.findLeak(question("64", "How many?", [text]), "Count the rows.")
      LeakGuard.findLeak(question("64"), text)
      LeakGuard.findLeak(program("def f(x):\n    return x + 1\n", "f", { said: [text] }), text)
    }
    // 0.4 s; what is quadratic in the text takes 3 s for one of them
    assert.isBelow(performance.now() - from, 5000)
  })
})

const program = (
  solution: string,
  statement: string,
  more: Partial<Pick<LeakGuard.LeakContext, "said" | "told">> = {}
): LeakGuard.LeakContext => ({
  knowledge: {
    kind: "program",
    language: "python",
    preamble: "",
    tests: { kind: "asserts", setup: "", asserts: ["assert f(1) == 2"] },
    solution
  },
  statement,
  said: [],
  told: [],
  ...more
})

const keywords = new Set(
  "def return if else elif for while in not and or is lambda import from as try except finally raise with yield class pass break continue None True False print len range sum min max sorted list set dict int str float abs map filter zip enumerate any all append join split".split(
    " "
  )
)

/** Other names for everything that has one. */
const renamed = (code: string): string => {
  const names = new Map<string, string>()
  return code.replaceAll(/(?<![.\w"'])[A-Za-z_]\w*/g, (word) => {
    if (keywords.has(word)) return word
    const name = names.get(word) ?? `v${names.size}`
    names.set(word, name)
    return name
  })
}

const hints = [
  "Use a for loop over the list and keep a running total.",
  "You return inside of the loop; move `return result` out of it.",
  "Check the edge case of an empty list: what does len(xs) give?",
  "Your program fails 2 of 5 tests.\nThe first one: f([1, 2, 3])\nIt should give 6, but it gives 5.",
  "Python's sorted(xs, key=...) can help: sorted(words, key=len) sorts by length.",
  "for i in range(len(xs)): is fine, but think about what i means when you delete items.",
  "if x % 2 == 0 tells whether x is even.",
  "`if not numbers: return 0` is missing something: what should an empty list give?"
]

/** Shares of a data set's problems on which something holds. */
const shares = (problems: ReadonlyArray<ProgramProblem>) => {
  const of = (holds: (problem: ProgramProblem, index: number) => boolean) =>
    problems.filter(holds).length / problems.length
  const told = (text: (solution: string) => string) =>
    of(({ prompt, solution }) => leaks(program(solution, prompt), text(solution)))
  return {
    verbatim: told((solution) => solution),
    inProse: told((solution) => `Here it is:\n\`\`\`python\n${solution}\n\`\`\`\nTry it.`),
    reindented: told((solution) =>
      solution.replaceAll(/\n +/g, "$&$&").replaceAll("\n", " # so\n")
    ),
    base64: told((solution) => Buffer.from(solution).toString("base64")),
    renamed: told(renamed),
    lineByLine: of(({ prompt, solution }) => {
      const lines: Array<string> = []
      return solution
        .split("\n")
        .filter((line) => line.trim() !== "")
        .some((line) => {
          const text = `Write this line: ${line}`
          const leak = leaks(program(solution, prompt, { told: [...lines] }), text)
          lines.push(text)
          return leak
        })
    }),
    otherSolution: of(({ prompt, solution }, index) =>
      leaks(program(solution, prompt), problems[(index + 37) % problems.length]?.solution ?? "")
    ),
    ownStatement: of(({ prompt, solution }) => leaks(program(solution, prompt), prompt)),
    studentsCode: of(({ prompt, solution }) =>
      leaks(program(solution, prompt, { said: [solution] }), `You wrote\n${solution}`)
    ),
    hints: of(({ prompt, solution }) =>
      hints.some((hint) => leaks(program(solution, prompt), hint))
    )
  }
}

describe.skipIf(!hasData)("the solution of a program", () => {
  for (const [name, read] of [
    ["HumanEval", humanEval],
    ["MBPP", mbpp]
  ] as const) {
    it(`of ${name} is found in every dress, and nothing else is`, () => {
      // one in four: the README has the numbers for all
      const measured = shares(read().filter((_problem, index) => index % 4 === 0))
      console.log(name, measured)
      expect(measured.verbatim).toBeGreaterThan(0.99)
      expect(measured.inProse).toBeGreaterThan(0.99)
      expect(measured.reindented).toBeGreaterThan(0.99)
      expect(measured.base64).toBeGreaterThan(0.98)
      expect(measured.renamed).toBeGreaterThan(0.9)
      expect(measured.lineByLine).toBeGreaterThan(0.93)
      expect(measured.otherSolution).toBeLessThan(0.03)
      expect(measured.ownStatement).toBe(0)
      expect(measured.studentsCode).toBe(0)
      expect(measured.hints).toBeLessThan(0.01)
    })
  }
})

const numerals = (text: string) =>
  (text.match(/\d[\d,]*(?:\.\d+)?/g) ?? []).map((numeral) => Number(numeral.replaceAll(",", "")))

/** How many of the texts that do not hold the answer are flagged. */
const rate = (cases: ReadonlyArray<readonly [answer: string, statement: string, text: string]>) => {
  const innocent = cases.filter(
    ([answer, , text]) => !numerals(text).includes(Number(answer.replaceAll(",", "")))
  )
  const flagged = innocent.filter(([answer, statement, text]) =>
    leaks(question(answer, statement, []), text)
  )
  return { n: innocent.length, flagged: flagged.length }
}

describe.skipIf(!hasData)("innocent hints", () => {
  it("of tutors are let through", () => {
    const problems = [...gsm8k(300), ...wordProblems(300)]
    const measured = rate(
      tutorReplies().flatMap((text, index) =>
        [131].map((step) => {
          const { answer, prompt } = problems[(index * 7 + step) % problems.length] ?? {
            answer: "0",
            prompt: ""
          }
          return [answer, prompt, text] as const
        })
      )
    )
    console.log("tutors' replies", measured)
    expect(measured.n).toBeGreaterThan(700)
    expect(measured.flagged / measured.n).toBeLessThan(0.01)
  })

  it("made of the steps of worked solutions are let through", () => {
    const measured = rate(
      gsm8k(300).flatMap(({ answer, prompt, solution }) =>
        solution
          .replaceAll(/<<[^>]*>>/g, "")
          .split("\n")
          .slice(0, -2)
          .map((step) => [answer, prompt, step] as const)
      )
    )
    console.log("steps of solutions", measured)
    expect(measured.n).toBeGreaterThan(500)
    expect(measured.flagged / measured.n).toBeLessThan(0.02)
  })
})

const task = mathTask("A board has 8 rows of 8 squares. How many squares?", "64")

/** A teacher that says the given drafts, one for each seed that it meets. */
const drafting = (...drafts: ReadonlyArray<string>): Teacher["Service"] => {
  const seeds: Array<number> = []
  return {
    reply: ({ seed }) =>
      Effect.sync((): TeacherReply => {
        if (!seeds.includes(seed)) seeds.push(seed)
        return { text: drafts[seeds.indexOf(seed)] ?? "", disclosed: [] }
      })
  }
}

const said = (drafts: ReadonlyArray<string>, options?: LeakGuard.LeakGuardOptions) =>
  Effect.runSync(LeakGuard.guard(drafting(...drafts), options).reply(after(task, "Tell me.")))

describe("guard", () => {
  it("passes a clean reply on, and says that it looked", () => {
    expect(said(["Count the rows."])).toEqual({
      text: "Count the rows.",
      disclosed: [],
      leakAttempts: 0
    })
  })

  it("has a leak written anew", () => {
    expect(said(["It is 64.", "2^6!", "Count the rows."])).toEqual({
      text: "Count the rows.",
      disclosed: [],
      leakAttempts: 2
    })
  })

  it("masks the sentences that leak when no draft is clean", () => {
    const draft = "Count the rows. It is 64. Then multiply."
    expect(said([draft, draft, draft])).toEqual({
      text: "Count the rows. [withheld] Then multiply.",
      disclosed: [],
      leakAttempts: 3
    })
    expect(said([draft, draft, draft], { mask: "reply" }).text).toBe("I can not tell you that.")
    expect(said([draft], { regenerate: 0 }).leakAttempts).toBe(1)
  })

  it("leaves no gap that tells: a count through the values is withheld as a whole", () => {
    const draft = "Is it 62? Is it 63? Is it 64? Is it 65?"
    expect(said([draft, draft, draft]).text).toBe("I can not tell you that.")
  })

  it("does not mask what still leaks without its sentences", () => {
    const draft = "The first digit is 6. The second digit is 4."
    const { text } = said([draft, draft, draft])
    expect(text).toBe("I can not tell you that.")
  })

  it("counts in metrics", () => {
    const counts = Effect.runSync(
      Effect.gen(function* () {
        yield* LeakGuard.guard(drafting("64", "Hm.")).reply(after(task, "?"))
        return [
          yield* Metric.value(LeakGuard.leakAttemptsMetric),
          yield* Metric.value(LeakGuard.guardedRepliesMetric)
        ]
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
    )
    expect(counts.map(({ count }) => count)).toEqual([1, 1])
  })

  it("guards programs, and the embedded student's tasks", () => {
    const solution =
      "def f(x):\n    total = 0\n    for y in range(x):\n        total += y * y\n    return total\n"
    const reply = (drafts: ReadonlyArray<string>) =>
      Effect.runSync(
        LeakGuard.guard(drafting(...drafts)).reply(
          after(programTask("Sum squares.", solution), "?")
        )
      )
    expect(reply([solution, "Think of a loop."])).toMatchObject({
      text: "Think of a loop.",
      leakAttempts: 1
    })
    const nano = {
      ...task,
      knowledge: { kind: "math", answer: 33, a: 40, b: 7, op: "-" }
    }
    const told = Effect.runSync(
      LeakGuard.guard(drafting("c is 3 3 .", "b is 7 .")).reply(after(nano, "?"))
    )
    expect(told).toMatchObject({ text: "b is 7 .", leakAttempts: 1 })
  })

  it("refuses a task whose secret it can not read", () => {
    const error = Effect.runSync(
      Effect.flip(LeakGuard.guard(drafting("?")).reply(after({ ...task, knowledge: 3 }, "?")))
    )
    expect(error).toMatchObject({ _tag: "TeacherError", kind: "unknown-task" })
  })

  it("is a layer around a teacher's", () => {
    const layer = LeakGuard.layer(Layer.succeed(Teacher, drafting("64", "Hm.")))
    const state = after(task, "?")
    const reply = Effect.runSync(
      Effect.gen(function* () {
        const teacher = yield* Teacher
        return yield* teacher.reply(state)
      }).pipe(Effect.provide(layer))
    )
    expect(leakAttempts({ ...state, replies: [reply] })).toEqual({
      guarded: 1,
      leaky: 1,
      drafts: 1
    })
  })
})
