/**
 * What programs and tests may `require` or expect of Node, in JavaScript: each a function of the realm's
 * internals, made when it is first used. Tests rest on `assert` and `lodash`, which run where no student's
 * code does.
 */

/** Node's way of writing values, on one line as long as that is short. */
const inspect = String.raw`((internals) => {
  const quote = (text) => {
    const mark = !text.includes("'") ? "'" : !text.includes('"') ? '"' : "'"
    return mark + text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll("\t", "\\t").replaceAll(mark, "\\" + mark) + mark
  }
  const name = (value) => value.constructor?.name
  const wrap = (open, parts, close, depth) => {
    if (parts.length === 0) return open + close
    const line = open + " " + parts.join(", ") + " " + close
    if (line.length <= 72 && !line.includes("\n")) return line
    const indent = "  ".repeat(depth + 1)
    return open + "\n" + indent + parts.join(",\n" + indent) + "\n" + "  ".repeat(depth) + close
  }
  const write = (value, depth, above) => {
    switch (typeof value) {
      case "string":
        return quote(value)
      case "bigint":
        return value + "n"
      case "number":
        return Object.is(value, -0) ? "-0" : String(value)
      case "symbol":
        return value.toString()
      case "function":
        return value.name ? "[Function: " + value.name + "]" : "[Function (anonymous)]"
    }
    if (typeof value !== "object" || value === null) return String(value)
    if (above.includes(value)) return "[Circular *1]"
    if (value instanceof Error) return value.stack ? value + "\n" + value.stack : String(value)
    if (value instanceof RegExp) return String(value)
    const more = [...above, value]
    const item = (each) => write(each, depth + 1, more)
    if (Array.isArray(value)) {
      if (depth > 2) return "[Array]"
      const parts = value.slice(0, 100).map(item)
      if (value.length > 100) parts.push("... " + (value.length - 100) + " more items")
      return wrap("[", parts, "]", depth)
    }
    if (value instanceof Map) {
      return wrap("Map(" + value.size + ") {", [...value].map(([key, each]) => item(key) + " => " + item(each)), "}", depth)
    }
    if (value instanceof Set) return wrap("Set(" + value.size + ") {", [...value].map(item), "}", depth)
    if (depth > 2) return "[Object]"
    const prefix = Object.getPrototypeOf(value) === null ? "[Object: null prototype] " : name(value) === "Object" ? "" : (name(value) ?? "") + " "
    const keys = Object.keys(value).map((key) => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quote(key)) + ": " + item(value[key]))
    return wrap(prefix + "{", keys, "}", depth)
  }
  const inspect = (value) => write(value, 0, [])
  const format = (values) => {
    const rest = [...values]
    let text = ""
    if (typeof rest[0] === "string") {
      text = rest.shift().replace(/%[sdifjoOc%]/g, (mark) => {
        if (mark === "%%") return "%"
        if (rest.length === 0) return mark
        const value = rest.shift()
        switch (mark) {
          case "%s": return typeof value === "string" ? value : typeof value === "object" ? inspect(value) : String(value)
          case "%d": return String(Number(value))
          case "%i": return String(parseInt(value))
          case "%f": return String(parseFloat(value))
          case "%j": return JSON.stringify(value)
          case "%c": return ""
        }
        return inspect(value)
      })
      if (rest.length > 0) text += " "
    }
    return text + rest.map((each) => (typeof each === "string" ? each : inspect(each))).join(" ")
  }
  return { inspect, format }
})`

/** No clock and no time zone: now is the beginning of 1970, and local time is UTC. */
const date = String.raw`(({ RealDate }) => {
  const prototype = RealDate.prototype
  const offset = prototype.getTimezoneOffset
  const { UTC } = RealDate
  const isZoned = /^\s*[+-]?\d{4,6}(-\d\d){0,2}\s*$|(Z|GMT|UTC|[+-]\d\d:?\d\d)\s*(\(.*\))?$/
  const parse = (text) => {
    const time = RealDate.parse(text)
    return isZoned.test(text) ? time : time - offset.call(new RealDate(time)) * 60000
  }
  function Date(...values) {
    if (new.target === undefined) return new Date().toString()
    const [first] = values
    const made =
      values.length === 0
        ? new RealDate(0)
        : values.length > 1
          ? new RealDate(UTC(...values))
          : new RealDate(typeof first === "string" ? parse(first) : first)
    return new.target === Date ? made : Object.setPrototypeOf(made, new.target.prototype)
  }
  Date.prototype = prototype
  Object.defineProperty(prototype, "constructor", { value: Date, writable: true, configurable: true })
  Object.assign(Date, { UTC, now: () => 0, parse: (text) => parse(String(text)) })
  const keep = (name, value) => Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  for (const part of ["FullYear", "Month", "Date", "Day", "Hours", "Minutes", "Seconds", "Milliseconds"]) {
    keep("get" + part, prototype["getUTC" + part])
    if (part !== "Day") keep("set" + part, prototype["setUTC" + part])
  }
  const words = (time) => time.toUTCString().replace(",", "").split(" ")
  const guard = (write) => function () {
    return Number.isNaN(this.getTime()) ? "Invalid Date" : write(this)
  }
  const day = (time) => { const [name, number, month, year] = words(time); return name + " " + month + " " + number + " " + year }
  const clock = (time) => words(time)[4] + " GMT+0000 (Coordinated Universal Time)"
  const localDay = (time) => time.getMonth() + 1 + "/" + time.getDate() + "/" + time.getFullYear()
  const localClock = (time) =>
    (time.getHours() % 12 || 12) + words(time)[4].slice(2) + (time.getHours() < 12 ? " AM" : " PM")
  keep("getTimezoneOffset", () => 0)
  keep("toDateString", guard(day))
  keep("toTimeString", guard(clock))
  keep("toString", guard((time) => day(time) + " " + clock(time)))
  keep("toLocaleDateString", guard(localDay))
  keep("toLocaleTimeString", guard(localClock))
  keep("toLocaleString", guard((time) => localDay(time) + ", " + localClock(time)))
  return Date
})`

const process = String.raw`((internals) => {
  const { print } = internals
  const defer = (job) => void Promise.resolve().then(job)
  const listeners = { data: [], end: [], close: [], readable: [] }
  let isFlowing = false, isRead = false
  const emit = (event, ...values) => { for (const each of [...listeners[event]]) each.apply(stdin, values) }
  const flow = () => {
    if (isFlowing) return
    isFlowing = true
    defer(() => {
      if (internals.stdin !== "") emit("data", internals.stdin)
      emit("readable")
      emit("end")
      emit("close")
    })
  }
  const stdin = {
    fd: 0,
    isTTY: false,
    setEncoding: () => stdin,
    resume: () => (flow(), stdin),
    pause: () => stdin,
    unref: () => stdin,
    read: () => (isRead || internals.stdin === "" ? null : ((isRead = true), internals.stdin)),
    on: (event, listener) => {
      listeners[event]?.push(listener)
      flow()
      return stdin
    },
    async *[Symbol.asyncIterator]() {
      if (internals.stdin !== "") yield internals.stdin
    }
  }
  stdin.once = stdin.addListener = stdin.on
  const stream = (channel) => ({
    isTTY: false,
    write: (text, ...rest) => {
      print(channel, JSON.stringify(String(text)))
      const last = rest.at(-1)
      if (typeof last === "function") defer(last)
      return true
    },
    end: () => {},
    on: () => {}
  })
  const process = {
    argv: ["node", "program.js"],
    env: {},
    platform: "linux",
    version: "v24.0.0",
    versions: { node: "24.0.0" },
    exitCode: undefined,
    stdin,
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    cwd: () => "/",
    on: () => process,
    once: () => process,
    nextTick: (job, ...values) => defer(() => job(...values)),
    exit: () => {
      internals.ask("exit", "")
      for (;;);
    }
  }
  return process
})`

const fs = String.raw`((internals) => {
  const readFileSync = (file, options) => {
    if (file !== 0 && file !== "/dev/stdin") {
      const error = new Error("ENOENT: no such file or directory, open '" + String(file) + "'")
      error.code = "ENOENT"
      throw error
    }
    // without an encoding Node gives a Buffer, of which programs use toString
    return options === undefined ? Object(internals.stdin) : internals.stdin
  }
  const writeSync = (file, text) => void internals.print(file === 2 ? "stderr" : "stdout", JSON.stringify(String(text)))
  return { readFileSync, writeSync, writeFileSync: writeSync, existsSync: (file) => file === "/dev/stdin" }
})`

const readline = String.raw`((internals) => {
  const createInterface = () => {
    const text = internals.stdin
    const lines = text === "" ? [] : (text.endsWith("\n") ? text.slice(0, -1) : text).split(/\r?\n/)
    const listeners = { line: [], close: [], pause: [], resume: [], history: [] }
    const questions = []
    let next = 0, isClosed = false, isDue = false
    const emit = (event, ...values) => { for (const each of [...listeners[event]]) each.apply(reader, values) }
    const due = () => {
      if (isDue || isClosed) return
      isDue = true
      Promise.resolve().then(() => {
        isDue = false
        step()
      })
    }
    const step = () => {
      if (isClosed) return
      if (next >= lines.length) return reader.close()
      const line = lines[next++]
      if (questions.length > 0) questions.shift()(line)
      else emit("line", line)
      due()
    }
    const reader = {
      on: (event, listener) => {
        listeners[event]?.push(listener)
        if (event !== "close" || listeners.line.length > 0) due()
        return reader
      },
      question: (text, ...rest) => {
        internals.print("stdout", JSON.stringify(String(text)))
        questions.push(rest.at(-1))
        due()
      },
      close: () => {
        if (isClosed) return
        isClosed = true
        emit("close")
      },
      prompt: due,
      setPrompt: () => {},
      pause: () => reader,
      resume: () => reader,
      write: () => {},
      async *[Symbol.asyncIterator]() {
        while (next < lines.length) yield lines[next++]
      }
    }
    reader.once = reader.addListener = reader.on
    return reader
  }
  const promises = {
    createInterface: () => {
      const reader = createInterface()
      const { question } = reader
      reader.question = (text) => new Promise((resolve) => question(text, resolve))
      return reader
    }
  }
  return { createInterface, promises }
})`

/** Deep equality as Node's legacy assert (loose), its strict one, and lodash have it. */
const equality = String.raw`(() => {
  const isPrimitive = (value) => typeof value !== "object" || value === null
  const primitive = {
    loose: (left, right) => left == right || (left !== left && right !== right),
    strict: Object.is,
    lodash: (left, right) => left === right || (left !== left && right !== right)
  }
  const same = (left, right, mode) => {
    if (left === right) return left !== 0 || primitive[mode](left, right)
    if (isPrimitive(left) || isPrimitive(right)) {
      return isPrimitive(left) && isPrimitive(right) && primitive[mode](left, right)
    }
    if (mode === "strict" && Object.getPrototypeOf(left) !== Object.getPrototypeOf(right)) return false
    const tag = Object.prototype.toString.call(left)
    if (tag !== Object.prototype.toString.call(right)) return false
    if (Array.isArray(left)) {
      return Array.isArray(right) && left.length === right.length && left.every((each, index) => same(each, right[index], mode)) && sameKeys(left, right, mode)
    }
    if (left instanceof Map && right instanceof Map) {
      return left.size === right.size && matches([...left], [...right], ([key, value], [otherKey, other]) => same(key, otherKey, mode) && same(value, other, mode))
    }
    if (left instanceof Set && right instanceof Set) {
      return left.size === right.size && matches([...left], [...right], (each, other) => same(each, other, mode))
    }
    if (left instanceof Date) return left.getTime() === right.getTime()
    if (left instanceof RegExp) return String(left) === String(right)
    if (left instanceof Error) return left.name === right.name && left.message === right.message
    if (left instanceof Number || left instanceof String || left instanceof Boolean) {
      return primitive[mode](left.valueOf(), right.valueOf())
    }
    return sameKeys(left, right, mode)
  }
  const sameKeys = (left, right, mode) => {
    const keys = Object.keys(left)
    return keys.length === Object.keys(right).length && keys.every((key) => Object.hasOwn(right, key) && same(left[key], right[key], mode))
  }
  const matches = (left, right, isSame) =>
    left.every((each) => {
      const index = right.findIndex((other) => isSame(each, other))
      if (index < 0) return false
      right.splice(index, 1)
      return true
    })
  return same
})`

const assert = String.raw`((internals, load) => {
  const same = load("equality")
  const { inspect } = load("inspect")
  const note = internals.note ?? (() => {})
  const failed = internals.failed ?? (() => {})
  class AssertionError extends Error {
    constructor({ message, actual, expected, operator } = {}) {
      super(message)
      Object.assign(this, { actual, expected, operator, code: "ERR_ASSERTION", generatedMessage: false })
    }
  }
  Object.defineProperty(AssertionError.prototype, "name", { value: "AssertionError", writable: true, configurable: true })
  const fail = (message, usual, actual, expected, operator) => {
    failed(1)
    if (message instanceof Error) throw message
    throw new AssertionError({ message: message ?? usual, actual, expected, operator })
  }
  const ok = (value, message) => {
    if (!value) fail(message, "The expression evaluated to a falsy value", value, true, "==")
  }
  const compare = (operator, isRight, isNegative = false) => (actual, expected, message) => {
    if (isRight(actual, expected) !== isNegative) return
    if (!isNegative) note(actual, expected)
    fail(message, "Expected values to be " + operator, actual, expected, operator)
  }
  /** Whether an error is the expected one. */
  const matches = (error, expected) => {
    if (expected === undefined || typeof expected === "string") return true
    if (expected instanceof RegExp) return expected.test(String(error))
    if (typeof expected !== "function") {
      return Object.keys(expected).every((key) =>
        expected[key] instanceof RegExp ? expected[key].test(error[key]) : same(error[key], expected[key], "strict"))
    }
    if (expected.prototype !== undefined && error instanceof expected) return true
    return !Error.isPrototypeOf(expected) && expected !== Error && expected.call({}, error) === true
  }
  // an error that was expected is none
  const judge = (error, expected, message) => {
    if (!matches(error, expected)) throw error
    failed(-1)
  }
  const missing = (expected, message) => fail(typeof expected === "string" ? expected : message, "Missing expected exception")
  const throws = (run, expected, message) => {
    try {
      run()
    } catch (error) {
      return judge(error, expected, message)
    }
    missing(expected, message)
  }
  const rejects = async (run, expected, message) => {
    try {
      await (typeof run === "function" ? run() : run)
    } catch (error) {
      return judge(error, expected, message)
    }
    missing(expected, message)
  }
  const methods = (isStrict) => {
    const assert = (value, message) => ok(value, message)
    const deep = (mode) => (left, right) => same(left, right, mode)
    const strictEqual = compare("strictly equal", Object.is)
    const notStrictEqual = compare("not strictly equal", Object.is, true)
    const deepStrictEqual = compare("strictly deep-equal", deep("strict"))
    const notDeepStrictEqual = compare("not strictly deep-equal", deep("strict"), true)
    const loose = (left, right) => left == right || (left !== left && right !== right)
    return Object.assign(assert, {
      AssertionError, ok, throws, rejects, strictEqual, notStrictEqual, deepStrictEqual, notDeepStrictEqual,
      equal: isStrict ? strictEqual : compare("equal", loose),
      notEqual: isStrict ? notStrictEqual : compare("not equal", loose, true),
      deepEqual: isStrict ? deepStrictEqual : compare("deep-equal", deep("loose")),
      notDeepEqual: isStrict ? notDeepStrictEqual : compare("not deep-equal", deep("loose"), true),
      fail: (message) => fail(message, "Failed"),
      ifError: (value) => void (value != null && fail(value, "ifError got unwanted exception")),
      match: (text, pattern, message) => void (pattern.test(text) || fail(message, "The input did not match", text, pattern, "match")),
      doesNotMatch: (text, pattern, message) => void (pattern.test(text) && fail(message, "The input matched", text, pattern, "doesNotMatch")),
      doesNotThrow: (run) => void run(),
      doesNotReject: async (run) => void (await (typeof run === "function" ? run() : run))
    })
  }
  const assert = methods(false)
  assert.strict = methods(true)
  assert.strict.strict = assert.strict
  return assert
})`

const lodash = String.raw`((internals, load) => {
  const same = load("equality")
  const note = internals.note ?? (() => {})
  const isEqual = (left, right) => {
    const isSame = same(left, right, "lodash")
    if (!isSame) note(left, right)
    return isSame
  }
  return { isEqual, cloneDeep: structuredClone }
})`

const util = String.raw`((internals, load) => {
  const { format, inspect } = load("inspect")
  const same = load("equality")
  const note = internals.note ?? (() => {})
  const isDeepStrictEqual = (left, right) => {
    const isSame = same(left, right, "strict")
    if (!isSame) note(left, right)
    return isSame
  }
  return { inspect, isDeepStrictEqual, format: (...values) => format(values) }
})`

/** By the name with which a realm asks. */
export const nodeSources: ReadonlyMap<string, string> = new Map([
  ["inspect", inspect],
  ["equality", equality],
  ["Date", date],
  ["process", process],
  ["module process", "(() => process)"],
  ["module fs", fs],
  ["module readline", readline],
  ["module readline/promises", `((_, load) => load("module readline").promises)`],
  ["module util", util],
  ["module assert", assert],
  ["module assert/strict", `((_, load) => load("module assert").strict)`],
  ["module lodash", lodash]
])

/** What `import` finds in a module: each name must be listed, as QuickJS links before it runs. */
const exported: ReadonlyMap<string, string> = new Map([
  ["fs", "readFileSync writeSync writeFileSync existsSync"],
  ["readline", "createInterface promises"],
  ["readline/promises", "createInterface"],
  ["process", "argv env stdin stdout stderr exit nextTick"],
  ["util", "inspect isDeepStrictEqual format"],
  ["lodash", "isEqual cloneDeep"],
  [
    "assert",
    "AssertionError ok throws rejects strictEqual notStrictEqual deepStrictEqual notDeepStrictEqual equal notEqual deepEqual notDeepEqual fail ifError match doesNotMatch doesNotThrow doesNotReject strict"
  ],
  [
    "assert/strict",
    "AssertionError ok throws rejects strictEqual notStrictEqual deepStrictEqual notDeepStrictEqual equal notEqual deepEqual notDeepEqual fail ifError match doesNotMatch doesNotThrow doesNotReject strict"
  ]
])

/** The source of an ES module, or undefined where there is none. */
export const moduleSource = (name: string): string | undefined => {
  const names = exported.get(name.replace(/^node:/, ""))
  return names === undefined
    ? undefined
    : `const it = require("${name}"); export default it; export const { ${names.split(" ").join(", ")} } = it`
}
