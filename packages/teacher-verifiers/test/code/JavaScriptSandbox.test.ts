import { assert, describe, it as test, layer } from "@effect/vitest"
import { JavaScriptSandbox } from "@sml/teacher-verifiers"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"

const runOn = (source: string, ...inputs: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const sandbox = yield* JavaScriptSandbox
    return yield* sandbox.run({ source, entry: "f", inputs })
  })

/** Live threads of this process. */
const threads = (): number => {
  const report = Schema.decodeUnknownSync(Schema.Struct({ workers: Schema.Array(Schema.Unknown) }))
  return report(process.report.getReport()).workers.length
}

/** `type:text` of a value, or the category of a failure. */
const summary = (source: string) =>
  Effect.map(runOn(source, 3), ([outcome]) =>
    outcome?._tag === "Value"
      ? `${outcome.value.type}:${outcome.value.text}`
      : (outcome?.category ?? "nothing")
  )

const fragments =
  "x => ( ) { } ` ' ; // /* return async f import await class 9 ** ... ?. \\ \u2028 \n var f= yield".split(
    " "
  )

const repeat = (text: string, count: number) => text.repeat(count)

/** `value`, or the category, for the inputs 1, 2 and 3. */
const tags = (source: string) =>
  Effect.map(runOn(source, 1, 2, 3), (outcomes) =>
    outcomes.map((outcome) => (outcome._tag === "Value" ? "value" : outcome.category))
  )

/** Programs that misbehave, by what must be reported. They end by themselves or by QuickJS. */
const hostile: Readonly<Record<string, ReadonlyArray<string>>> = {
  timeout: [
    "x => { while (true) {} }",
    "x => { for (;;) { try { for (;;) {} } catch {} } }",
    "x => { for (;;) { try { throw 1 } finally { continue } } }",
    "x => eval('for (;;) {}')",
    "x => new Function('for (;;) {}')()",
    "x => /^(a+)+$/.test('a'.repeat(40) + 'b')",
    "x => [3, 2, 1].sort(() => { for (;;) {} })",
    "x => JSON.stringify({ toJSON() { for (;;) {} } })",
    "x => { function* g() { for (;;) yield 1 } for (const each of g()) {} }",
    "x => `${{ toString() { for (;;) {} } }}`",
    // runs while the program is being loaded
    "x => x * 9 + 1); (function () { for (;;) {} })("
  ],
  memory: [
    "x => 'a'.repeat(1e9)",
    "x => new Array(1e9).fill(7)",
    "x => { let s = 'a'; for (;;) s += s }",
    "x => { const all = []; for (;;) all.push('b'.repeat(1e5) + all.length) }",
    "x => { let o = {}; for (;;) o = { o } }",
    "x => { const all = []; for (;;) all.push(new ArrayBuffer(1e6)) }",
    "x => { const all = new Map(); for (let i = 0; ; i++) all.set(i, i) }",
    "x => Array.from({ length: 1e9 })"
  ],
  error: [
    "x => { const g = () => g() + 1; return g() }",
    "x => { const o = { get a() { return o.a } }; return o.a }",
    "x => { const a = []; a[0] = a; return a.flat(Infinity) }",
    `x => ${repeat("(", 50_000)}x${repeat(")", 50_000)}`,
    "x => JSON.parse('['.repeat(100000))",
    "x => (() => {}).constructor('return process')().exit(1)",
    "x => x.constructor.constructor('return globalThis.process.env')()",
    "x => require('fs')",
    "x => std.exit(1)",
    "x => fetch('http://localhost')",
    "x => setTimeout(() => 1, 1)",
    "x => Date.now()",
    "x => Math.random()",
    "x => performance.now()",
    "x => { undeclared = 1; return 28 }",
    "x => { throw null }",
    "x => { throw { get message() { for (;;) {} }, toString() { for (;;) {} } } }",
    "x => { throw undefined }",
    "x => { throw new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } }) }",
    "x => { throw 'interrupted' }",
    "x => new ArrayBuffer(2 ** 31)",
    "x => 2n ** 100000000n",
    "x => for",
    "",
    ")",
    "x => x\u0000",
    "x => x; process"
  ],
  unsupported: [
    "async x => x * 9 + 1",
    "function* f(x) { yield x * 9 + 1 }",
    "x => import('fs')",
    "x => ({ valueOf() { return 28 } })",
    "x => new Number(28)",
    "x => [28]",
    "x => new Proxy({}, { get() { for (;;) {} } })",
    "x => ({ get value() { throw 1 } })",
    "x => { const a = {}; a.a = a; return a }",
    "x => Symbol('28')",
    "x => () => 28",
    "x => 'a'.repeat(200000)",
    "28",
    "({ apply() { return 28 } })"
  ],
  // they may do what they like to a world that nobody else sees
  "number:28": [
    "x => { Object.prototype.toJSON = () => 1; Number.prototype.valueOf = () => 1; return x * 9 + 1 }",
    "x => { globalThis.Math = null; globalThis.Object = null; return x * 9 + 1 }",
    "x => { const loop = () => Promise.resolve().then(loop); loop(); return 28 }",
    "x => { try { let s = 'a'; for (;;) s += s } catch {} return 28 }",
    "x => { try { const g = () => g(); g() } catch {} return 28 }",
    "x => 28 // }",
    "function (x) { return x * 9 + 1 }",
    "function f(x) { return x * 9 + 1 } f.call = null",
    "const k = 9\nconst f = x => x * k + 1"
  ]
}

layer(JavaScriptSandbox.layer({ timeMillis: 20_000 }))("JavaScriptSandbox", (it) => {
  for (const [expected, sources] of Object.entries(hostile)) {
    for (const source of sources) {
      it.effect(`${expected}: ${source.slice(0, 60)}`, () =>
        Effect.gen(function* () {
          assert.strictEqual(yield* summary(source), expected)
        })
      )
    }
  }

  it.effect("gives plain values with their exact type", () =>
    Effect.gen(function* () {
      for (const [source, expected] of [
        ["x => x / 2", "number:1.5"],
        ["x => 0.1 + 0.2", "number:0.30000000000000004"],
        ["x => x / 0", "number:Infinity"],
        ["x => NaN", "number:NaN"],
        ["x => -0", "number:0"],
        ["x => '28'", "string:28"],
        ["x => 28n", "bigint:28"],
        ["x => true", "boolean:true"],
        ["x => false", "boolean:false"],
        ["x => null", "null:null"],
        ["x => {}", "undefined:undefined"]
      ] as const) {
        assert.strictEqual(yield* summary(source), expected)
      }
    })
  )

  it.effect("gives every input a world of its own", () =>
    Effect.gen(function* () {
      const source = "x => { globalThis.count = (globalThis.count ?? 0) + 1; return count }"
      const counted = yield* runOn(source, 1, 2, 3)
      assert.deepStrictEqual(
        counted,
        [1, 1, 1].map(() => ({ _tag: "Value", value: { type: "number", text: "1" } }))
      )
    })
  )

  it.effect("runs a program once, however many ask at once", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(
        Array.from({ length: 50 }),
        () => runOn("x => [x, 'once'].join()", 7),
        { concurrency: "unbounded" }
      )
      // one and the same object: every other run would have made its own
      assert.isTrue(all.every((outcomes) => outcomes === all[0]))
    })
  )

  it.effect("goes on with the other inputs after an error, but not after a timeout", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* tags("x => { if (x === 1) throw 1; return x }"), [
        "error",
        "value",
        "value"
      ])
      assert.deepStrictEqual(yield* tags("x => { if (x === 2) for (;;); return x }"), [
        "value",
        "timeout",
        "timeout"
      ])
    })
  )

  it.effect("caps and cleans what an error says", () =>
    Effect.gen(function* () {
      const [outcome] = yield* runOn(
        "x => { throw Error('a\\n\\u001b[31m' + 'b'.repeat(9999)) }",
        1
      )
      assert(outcome?._tag === "Failure")
      assert.match(outcome.message, /^Error: a {2}\[31mb+$/)
      assert(outcome.message.length <= 200)
    })
  )

  it.effect("survives any text", () =>
    Effect.gen(function* () {
      const texts = fc.oneof(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.array(fc.constantFrom(...fragments), { maxLength: 12 }).map((parts) => parts.join(" "))
      )
      for (const source of fc.sample(texts, { numRuns: 100, seed: 5 })) {
        assert.lengthOf(yield* runOn(source, 1, 2), 2)
      }
      assert.strictEqual(yield* summary("x => x * 9 + 1"), "number:28")
    })
  )

  it.effect("refuses an entry that is not a name", () =>
    Effect.gen(function* () {
      const sandbox = yield* JavaScriptSandbox
      const error = yield* Effect.flip(
        sandbox.run({ source: "x => x", entry: "f; evil()", inputs: [1] })
      )
      assert.strictEqual(error._tag, "SandboxError")
    })
  )
})

layer(JavaScriptSandbox.layer({ timeMillis: 150 }))("a thread that must be killed", (it) => {
  /** Built-ins that QuickJS can not interrupt. */
  for (const source of [
    "x => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)",
    "x => Array.prototype.every.call({ length: 2 ** 53 - 1 }, () => true)",
    "x => Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
    "x => Array.prototype.copyWithin.call({ length: 2 ** 53 - 1 }, 0, 1)",
    "x => new Array(4294967295).join()",
    "x => { throw { toJSON() { return Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1) } } }"
  ]) {
    it.effect(`timeout: ${source.slice(0, 60)}`, () =>
      Effect.gen(function* () {
        const start = performance.now()
        assert.strictEqual(yield* summary(source), "timeout")
        assert.isBelow(performance.now() - start, 5_000)
        assert.strictEqual(yield* summary("x => x * 9 + 1"), "number:28")
      })
    )
  }

  it.effect("keeps the event loop free meanwhile", () =>
    Effect.gen(function* () {
      let ticks = 0
      const timer = setInterval(() => ticks++, 5)
      yield* summary("x => Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 2)")
      clearInterval(timer)
      assert.isAbove(ticks, 3)
    })
  )

  it.effect("serves many callers at once, a killed one among them", () =>
    Effect.gen(function* () {
      const all = yield* Effect.forEach(
        Array.from({ length: 40 }, (_, index) => index),
        (index) =>
          summary(
            index === 20
              ? "x => Array.prototype.lastIndexOf.call({ length: 2 ** 53 - 1 }, 1)"
              : `x => ${index % 10}`
          ),
        { concurrency: "unbounded" }
      )
      all.forEach((result, index) =>
        assert.strictEqual(result, index === 20 ? "timeout" : `number:${index % 10}`)
      )
    })
  )
})

describe("JavaScriptSandbox.layer", () => {
  test.effect("ends its thread with its scope", () =>
    Effect.gen(function* () {
      const before = threads()
      const within = yield* Effect.provide(
        Effect.map(summary("x => x"), threads),
        JavaScriptSandbox.layer()
      )
      assert.deepStrictEqual([within, threads()], [before + 1, before])
    })
  )

  test.effect("names a limit out of range", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        Effect.provide(summary("x => x"), JavaScriptSandbox.layer({ timeMillis: 0 }))
      )
      assert.match(error.message, /timeMillis/)
    })
  )
})
