/**
 * What every realm gets before anything else runs in it, in JavaScript. Its upper part, which reads values,
 * is what verdicts rest on: it uses nothing that later code can replace, runs none of that code, and is
 * bounded. So no property is read but own data properties, no method is called but captured ones through a
 * captured `apply`, no array is iterated, and proxies, whose traps would run, are told by a registry.
 *
 * Values leave as text, see `PlainWire.ts`; a value that cannot begins with `!`, then a verdict, then why.
 */
export const realmSource = String.raw`
(function (print, ask, isExaminer) {
  "use strict"
  const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
  const { isArray } = Array
  const { hasOwn } = Object
  const { parse, stringify } = JSON
  const { slice } = String.prototype
  const evaluate = eval
  const toBigInt = BigInt
  const NewMap = Map, NewSet = Set, RealProxy = Proxy, RealDate = Date, NewError = Error
  const { revocable } = Proxy
  const arrayPrototype = Array.prototype
  const objectPrototype = Object.prototype
  const mapPrototype = Map.prototype
  const setPrototype = Set.prototype
  const mapEntries = mapPrototype.entries, mapSet = mapPrototype.set
  const setValues = setPrototype.values, setAdd = setPrototype.add
  const mapNext = getPrototypeOf(new Map().entries()).next
  const setNext = getPrototypeOf(new Set().values()).next
  const proxies = new WeakSet()
  const { add: register, has: includes } = WeakSet.prototype
  const largest = 1n << 20000n
  const maximumNodes = 100000, maximumDepth = 200, maximumLength = 1000000

  const isProxy = (value) => apply(includes, proxies, [value])
  const refusal = { text: "" }
  const refuse = (text) => {
    refusal.text = text
    throw refusal
  }
  const shorten = (text, limit) => (text.length > limit ? apply(slice, text, [0, limit]) : text)

  /** An own or, up to depth, inherited data property; getters are not run. */
  const lookup = (object, key, depth) => {
    for (let each = object; depth > 0 && each !== null; depth--) {
      if (isProxy(each)) return undefined
      const property = getOwnPropertyDescriptor(each, key)
      if (property !== undefined) return hasOwn(property, "value") ? property.value : undefined
      each = getPrototypeOf(each)
    }
    return undefined
  }

  let nodes = 0, length = 0
  const count = (more) => {
    length += more
    if (length > maximumLength) refuse("!output-limit gave a value of more than 1,000,000 characters")
  }
  const write = (value, depth) => {
    if (++nodes > maximumNodes) refuse("!output-limit gave more than 100,000 values in one")
    switch (typeof value) {
      case "undefined":
        return '{"u":0}'
      case "boolean":
        return value ? "true" : "false"
      case "number":
        return value !== 0 && value - value === 0
          ? "" + value
          : value === 0
            ? 1 / value > 0 ? "0" : '{"f":"-0"}'
            : '{"f":"' + value + '"}'
      case "bigint":
        if (value > largest || value < -largest) refuse("!output-limit gave a bigint of more than 6000 digits")
        return '{"i":"' + value + '"}'
      case "string":
        count(value.length)
        return stringify(value)
      case "object":
        return value === null ? "null" : writeObject(value, depth)
    }
    refuse("!unsupported gave a " + typeof value)
  }
  const field = (object, key) => {
    const property = getOwnPropertyDescriptor(object, key)
    if (property === undefined) return undefined
    if (!hasOwn(property, "value")) refuse("!unsupported gave an object with a getter")
    return property.value
  }
  const writeObject = (value, depth) => {
    if (isProxy(value)) refuse("!unsupported gave a proxy")
    if (depth === maximumDepth) refuse("!unsupported gave a value nested deeper than 200 levels, or in itself")
    const prototype = getPrototypeOf(value)
    if (isArray(value)) {
      if (prototype !== arrayPrototype) refuseInstance(prototype)
      const size = value.length
      if (size > maximumNodes) refuse("!output-limit gave a list of " + size + " values")
      let text = "["
      for (let index = 0; index < size; index++) {
        text += (index === 0 ? "" : ",") + write(field(value, index), depth + 1)
      }
      return text + "]"
    }
    if (prototype === objectPrototype || prototype === null) return writeEntries(value, depth)
    if (prototype === mapPrototype) return writeMap(value, depth)
    if (prototype === setPrototype) return writeSet(value, depth)
    refuseInstance(prototype)
  }
  const writeEntries = (value, depth) => {
    const keys = ownKeys(value)
    if (keys.length > maximumNodes) refuse("!output-limit gave an object with " + keys.length + " keys")
    let text = ""
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index]
      if (typeof key !== "string") continue
      const property = getOwnPropertyDescriptor(value, key)
      if (property === undefined || !property.enumerable) continue
      if (!hasOwn(property, "value")) refuse("!unsupported gave an object with a getter")
      count(key.length)
      text += (text === "" ? "[" : ",[") + stringify(key) + "," + write(property.value, depth + 1) + "]"
    }
    return '{"d":[' + text + "]}"
  }
  const begin = (method, value) => {
    try {
      return apply(method, value, [])
    } catch {
      refuse("!unsupported gave what is neither a Map nor a Set")
    }
  }
  const writeMap = (value, depth) => {
    const entries = begin(mapEntries, value)
    let text = ""
    for (;;) {
      const step = apply(mapNext, entries, [])
      if (step.done) return '{"m":[' + text + "]}"
      const pair = step.value
      text += (text === "" ? "[" : ",[") + write(pair[0], depth + 1) + "," + write(pair[1], depth + 1) + "]"
    }
  }
  const writeSet = (value, depth) => {
    const values = begin(setValues, value)
    let text = ""
    for (;;) {
      const step = apply(setNext, values, [])
      if (step.done) return '{"s":[' + text + "]}"
      text += (text === "" ? "" : ",") + write(step.value, depth + 1)
    }
  }
  const refuseInstance = (prototype) => {
    const made = prototype === null ? undefined : lookup(prototype, "constructor", 1)
    const name = typeof made === "function" ? lookup(made, "name", 1) : undefined
    refuse("!unsupported gave an object of class " + (typeof name === "string" ? shorten(name, 100) : "?"))
  }
  const read = (value) => {
    nodes = length = 0
    try {
      return write(value, 0)
    } catch (error) {
      if (error === refusal) return refusal.text
      throw error
    }
  }

  /** JSON of type, message and stack of whatever was thrown. */
  const describe = (error) => {
    const text = (value, limit) => (typeof value === "string" ? shorten(value, limit) : "")
    let type = "", message = "", stack = ""
    if ((typeof error === "object" && error !== null) || typeof error === "function") {
      if (isProxy(error)) message = "threw a proxy"
      else {
        type = text(lookup(error, "name", 10), 100)
        message = text(lookup(error, "message", 10), 1000)
        stack = text(lookup(error, "stack", 1), 10000)
        if (type === "" && message === "") message = "threw an object"
      }
    } else if (typeof error === "symbol") message = "threw a symbol"
    else if (typeof error === "bigint") message = "threw a bigint"
    else message = error === null ? "threw null" : "threw " + shorten("" + error, 1000)
    return "[" + stringify(type) + "," + stringify(message) + "," + stringify(stack) + "]"
  }

  const hold = (object, key, value) => {
    defineProperty(object, key, { __proto__: null, value, writable: true, enumerable: true, configurable: true })
  }
  /** Text of the wire to a value. Lists are reused in place: their items are own data properties. */
  const revive = (wire) => {
    if (typeof wire !== "object" || wire === null) return wire
    if (isArray(wire)) {
      for (let index = 0; index < wire.length; index++) wire[index] = revive(wire[index])
      return wire
    }
    const kind = ownKeys(wire)[0]
    const data = wire[kind]
    switch (kind) {
      case "f":
        return data === "NaN" ? NaN : data === "-0" ? -0 : data === "Infinity" ? Infinity : -Infinity
      case "i":
        return toBigInt(data)
      case "d": {
        const object = {}
        for (let index = 0; index < data.length; index++) hold(object, data[index][0], revive(data[index][1]))
        return object
      }
      case "m": {
        const map = new NewMap()
        for (let index = 0; index < data.length; index++) {
          apply(mapSet, map, [revive(data[index][0]), revive(data[index][1])])
        }
        return map
      }
      case "s": {
        const set = new NewSet()
        for (let index = 0; index < data.length; index++) apply(setAdd, set, [revive(data[index])])
        return set
      }
    }
    return undefined
  }
  const build = (text) => revive(parse(text))

  // every proxy is known
  const known = (proxy) => {
    apply(register, proxies, [proxy])
    return proxy
  }
  const KnownProxy = function Proxy(target, handler) {
    if (new.target === undefined) throw new TypeError("Constructor Proxy requires 'new'")
    return known(new RealProxy(target, handler))
  }
  KnownProxy.prototype = undefined
  KnownProxy.revocable = (target, handler) => {
    const made = apply(revocable, RealProxy, [target, handler])
    known(made.proxy)
    return made
  }
  const show = (name, value) =>
    defineProperty(globalThis, name, { __proto__: null, value, writable: true, enumerable: false, configurable: true })
  show("Proxy", KnownProxy)

  // From here on: what programs expect of Node. Nothing rests on it, so it is written as usual.

  let state = 0x9e3779b9
  Math.random = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  const internals = { RealDate, ask, evaluate, print, stdin: "", note: undefined, failed: undefined }
  const load = (name) => {
    const source = ask("source", name)
    return source === undefined ? undefined : evaluate(source)(internals, load)
  }
  internals.load = load
  /** A global that is made when it is first used. */
  const later = (name, make) =>
    defineProperty(globalThis, name, {
      __proto__: null,
      get: () => {
        const value = make()
        show(name, value)
        return value
      },
      set: (value) => show(name, value),
      enumerable: false,
      configurable: true
    })
  show("global", globalThis)
  later("Date", () => load("Date"))
  later("process", () => load("process"))
  const loaded = new Map()
  const require = (name) => {
    const id = String(name).replace(/^node:/, "")
    if (!loaded.has(id)) {
      const made = load("module " + id)
      if (made === undefined) throw new Error("Cannot find module '" + id + "'")
      loaded.set(id, made)
    }
    return loaded.get(id)
  }
  show("require", require)
  const module = { exports: {} }
  show("module", module)
  show("exports", module.exports)
  require.main = module
  show("queueMicrotask", (job) => void Promise.resolve().then(() => job()))
  show("structuredClone", (value) => {
    const text = read(value)
    if (text[0] === "!") throw new NewError("DataCloneError")
    return build(text)
  })

  let inspect
  const format = (values) => {
    if (values.length === 1 && typeof values[0] === "string") return values[0]
    inspect ??= load("inspect")
    return inspect.format(values)
  }
  const out = (channel) => (...values) => print(channel, stringify(format(values) + "\n"))
  let failures = 0
  const log = out("stdout"), warn = out("stderr")
  const nothing = () => {}
  show("console", {
    log, info: log, debug: log, error: warn, warn, trace: warn,
    dir: (value) => log(value),
    table: (value) => log(value),
    group: (...values) => void (values.length > 0 && log(...values)),
    groupEnd: nothing, time: nothing, timeEnd: nothing, timeLog: nothing, count: nothing, clear: nothing,
    assert: (value, ...rest) => {
      if (value) return
      failures++
      if (!isExaminer) warn("Assertion failed", ...rest)
    }
  })

  const realm = {
    read, build, describe,
    call: (program, wires) => apply(program, undefined, build(wires)),
    setInput: (text) => void (internals.stdin = parse(text))
  }
  if (!isExaminer) return realm

  // The examiner: runs tests against a program that is in another realm.
  let difference = null, caught = 0
  const students = new WeakSet()
  const errors = new Map([EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].map((each) => [each.name, each]))
  internals.note = (got, expected) => void (difference = [read(got), read(expected)])
  internals.failed = (change) => void (caught += change)
  realm.nominate = (name) =>
    show(name, (...values) => {
      const wires = read(values)
      const reply = ask("call", name, wires)
      if (reply[0] === "v") return build(reply.slice(1))
      if (reply[0] === "p") return Promise.resolve(build(reply.slice(1)))
      const [type, message, isLate] = parse(reply.slice(1))
      const error = new (errors.get(type) ?? NewError)(message)
      if (error.name !== type) error.name = type
      students.add(error)
      caught++
      if (isLate) return Promise.reject(error)
      throw error
    })
  realm.isStudents = (error) => typeof error === "object" && error !== null && students.has(error)
  realm.report = () => stringify([failures, caught, difference])
  return realm
})
`
