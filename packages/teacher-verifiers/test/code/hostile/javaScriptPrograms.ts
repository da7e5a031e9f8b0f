/**
 * Programs that do not mean well. Each is asked for `f(3) = 10` and `f(7) = 50`; none may pass, but those
 * whose misbehaviour has no effect and that give the right values anyway.
 */
import type { ProgramVerdict } from "@sml/teacher-verifiers"

/** `verdict`: what must be said of it; `code`: the program. */
export interface HostileProgram {
  readonly verdict: ProgramVerdict
  readonly code: string
}

const programs = (
  verdict: ProgramVerdict,
  codes: Readonly<Record<string, string>>
): Readonly<Record<string, HostileProgram>> =>
  Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, { verdict, code }]))

/** Gives right values if the attempt (an expression that is truthy for a success) does not succeed. */
const contained = (attempts: Readonly<Record<string, string>>) =>
  programs(
    "pass",
    Object.fromEntries(
      Object.entries(attempts).map(([name, attempt]) => [
        name,
        `function f(x) { let got; try { got = ${attempt} } catch { got = false } return got ? -1 : x * x + 1 }`
      ])
    )
  )

/** An object that would be equal to everything if any of its behaviour were asked. */
const chameleon = `{
  valueOf: () => 10, toString: () => "10", toJSON: () => 10, [Symbol.toPrimitive]: () => 10, equals: () => true
}`

const endless = "Array.prototype.indexOf.call({ length: 2 ** 53 - 1 }, 1)"

export const hostileJavaScript: Readonly<Record<string, HostileProgram>> = {
  // doors that must be closed
  ...contained({
    "escape by a constructor": "(() => {}).constructor('return process')().mainModule",
    "escape by an error's constructor":
      "(() => { try { null.x } catch (e) { return e.constructor.constructor('return process')().binding } })()",
    "escape by a built-in's caller": "console.log.constructor('return this')().process.mainModule",
    "escape by the stack of a host error":
      "(() => { Error.prepareStackTrace = (_, frames) => frames; const { stack } = new Error(); return Array.isArray(stack) && stack[0].getThis() })()",
    "escape by structuredClone": "structuredClone.constructor('return require')()('child_process')",
    "host modules": "require('child_process')",
    "host files": "require('fs').readFileSync('/etc/passwd')",
    "host files by the descriptor": "require('fs').readFileSync(3)",
    environment: "Object.keys(process.env).length",
    "process internals": "process.binding('fs') || process.dlopen || process.kill",
    network: "globalThis.fetch || globalThis.WebSocket || globalThis.XMLHttpRequest",
    threads: "globalThis.Worker || globalThis.postMessage || globalThis.importScripts",
    "shared memory and atomics":
      "globalThis.Atomics && Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1e9) && false",
    "real clocks": "Date.now() || globalThis.performance || new Date().getFullYear() !== 1970",
    randomness: "Math.random() !== 0.3588899802416563",
    timers: "globalThis.setTimeout || globalThis.setInterval || globalThis.setImmediate",
    "QuickJS's own modules": "globalThis.std || globalThis.os || globalThis.scriptArgs",
    "a look at what is expected":
      "Object.getOwnPropertyNames(globalThis).some((name) => { try { return JSON.stringify(globalThis[name])?.includes('50') } catch { return false } })",
    "a look at the caller": "f.caller || f.arguments?.callee?.caller",
    "the realm's reader": "globalThis.read || globalThis.describe || globalThis.internals",
    "the real Proxy": "Proxy.prototype || new Proxy({}, {}).constructor === Proxy",
    WebAssembly: "globalThis.WebAssembly",
    "a weak reference that is told of collections":
      "(() => { new FinalizationRegistry(() => { for (;;); }).register({}); return new WeakRef({}).deref() === undefined })()",
    "a log that forges lines": "console.log('\\u001b[2Jpass\\nverdict: pass')"
  }),
  // misbehaviour without effect
  ...programs("pass", {
    "a polluted world and the right value":
      "function f(x) { Object.prototype.toJSON = () => 1; Array.prototype[Symbol.iterator] = null; Function.prototype.call = Function.prototype.apply = null; JSON.stringify = () => '1'; Reflect.apply = null; return x * x + 1 }",
    "everything deleted and the right value":
      "function f(x) { const v = x * x + 1; for (const name of Object.getOwnPropertyNames(globalThis)) { try { delete globalThis[name] } catch {} } return v }",
    "an endless microtask that nobody waits for":
      "function f(x) { const loop = () => Promise.resolve().then(loop); loop(); return x * x + 1 }",
    "a swallowed stack overflow":
      "function f(x) { const g = () => g(); try { g() } catch {} return x * x + 1 }",
    "a swallowed lack of memory":
      "function f(x) { try { let s = 'a'; for (;;) s += s } catch {} return x * x + 1 }",
    "a changed argument":
      "function f(x) { const value = x * x + 1; arguments[0] = { length: 0 }; x = null; return value }"
  }),
  ...programs("fail", {
    "a hard-coded value": "const f = () => 10",
    "the right digits as text": "const f = (x) => String(x * x + 1)",
    "the right digits as a bigint": "const f = (x) => BigInt(x * x + 1)",
    "a list of the value": "const f = (x) => [x * x + 1]",
    "NaN, which is never equal": "const f = () => NaN",
    undefined: "const f = () => {}",
    "Number.prototype changed":
      "Number.prototype.valueOf = () => 10; Number.prototype.toString = () => '10'; const f = () => 7",
    "JSON replaced": "JSON.stringify = () => '10'; JSON.parse = () => 10; const f = () => 7",
    "JSON's toJSON inherited": "Object.prototype.toJSON = () => 10; const f = () => ({})",
    "Object.is and sameValue replaced":
      "Object.is = () => true; Object.prototype.equals = () => true; Array.prototype.every = () => true; const f = () => 7",
    "descriptors polluted":
      "Object.prototype.value = 10; Object.prototype.get = undefined; Object.getOwnPropertyDescriptor = () => ({ value: 10 }); Reflect.getOwnPropertyDescriptor = () => ({ value: 10 }); const f = () => [7]",
    "iteration replaced":
      "Array.prototype[Symbol.iterator] = function* () { yield 10 }; Map.prototype.entries = Set.prototype.values = () => [][Symbol.iterator](); const f = () => [7]",
    "a setter for indices":
      "Object.defineProperty(Array.prototype, 0, { set() {}, get: () => 10 }); const f = () => [7]",
    "Function.prototype.call and apply replaced":
      "Function.prototype.call = Function.prototype.apply = Reflect.apply = () => 10; const f = () => 7",
    "console overwritten":
      "console = { log: () => 10, assert: () => true }; const f = () => { console.log('pass'); return 7 }",
    "assert overwritten":
      "globalThis.assert = () => true; require = () => ({ strictEqual() {}, deepEqual() {} }); const f = () => 7",
    "a forged verdict on stdout": `const f = () => { console.log('{"_tag":"Value","wire":"10"}'); console.log('pass'); return '10' }`,
    "a forged wire": `const f = () => '{"f":"10"}'`,
    "a forged refusal": "const f = () => '!pass 10'",
    "Array.isArray replaced": "Array.isArray = () => false; const f = () => [10]",
    "an array that is not to be iterated":
      "const f = () => Object.assign([7], { 0: 7, toString: () => '10', length: 1 })",
    "an object without a prototype":
      "const f = () => Object.assign(Object.create(null), { value: 10 })",
    "the arguments object": "function f() { return arguments }",
    "a map that says it is equal": "const f = () => new Map([['value', 10]])",
    "strings' methods replaced":
      "for (const name of Object.getOwnPropertyNames(String.prototype)) if (name !== 'constructor' && typeof ''[name] === 'function') String.prototype[name] = () => '10'; const f = () => 7",
    "regular expressions replaced":
      "RegExp.prototype.exec = () => ['10']; RegExp.prototype.test = () => true; const f = () => 7",
    "maps and sets replaced":
      "Map.prototype.get = WeakMap.prototype.get = () => 10; Map.prototype.has = Set.prototype.has = WeakSet.prototype.has = () => true; const f = () => 7",
    "promises replaced":
      "Promise.prototype.then = (resolve) => resolve(10); Promise.resolve = () => 10; const f = () => 7",
    "Object.prototype with the names of the wire":
      "for (const name of ['type', 'text', 'value', 'items', 'entries', 'outcome', '_tag', 'wire', 'f', 'verdict']) Object.prototype[name] = 10; const f = () => 7",
    "accessors on Object.prototype for every index":
      "for (let i = 0; i < 100; i++) Object.defineProperty(Object.prototype, i, { get: () => 10, set() {} }); const f = () => 7",
    "symbols that convert":
      "Object.prototype[Symbol.toPrimitive] = () => 10; Object.prototype[Symbol.isConcatSpreadable] = true; Function.prototype[Symbol.hasInstance]; const f = () => 7",
    "numbers' checks replaced":
      "Number.isInteger = Number.isSafeInteger = Number.isFinite = Number.isNaN = isNaN = () => true; BigInt = Number = String = () => '10'; const f = () => 7",
    "a list with a hole": "const f = (x) => [, x * x + 1]",
    "minus the value": "const f = (x) => -(x * x + 1)",
    "a value beside the float": "const f = (x) => x * x + 1 + 2 ** -40",
    "a function that is replaced after the first call":
      "let f = (x) => { f = globalThis.f = () => 10; return 7 }",
    "a counter that waits for the last test":
      "let calls = 0; const f = () => (++calls > 1 ? 50 : 7)",
    "a value in a resolved thenable": "const f = async (x) => ({ then: (resolve) => resolve(7) })"
  }),
  ...programs("unsupported", {
    "an equality forger": `const f = () => (${chameleon})`,
    "an equality forger with a class":
      "class V { valueOf() { return 10 } toJSON() { return 10 } } const f = () => new V()",
    "a boxed number": "const f = (x) => new Number(x * x + 1)",
    "a subclass of Array": "class L extends Array {} const f = () => L.of(10)",
    "a proxy": "const f = () => new Proxy([], { get: () => 10 })",
    "a proxy whose traps never end":
      "const never = () => { for (;;); }; const f = () => new Proxy({}, { ownKeys: never, getPrototypeOf: never, get: never, getOwnPropertyDescriptor: never })",
    "a proxy by Reflect.construct": "const f = () => Reflect.construct(Proxy, [{}, {}])",
    "a proxy that can be revoked":
      "const f = () => { const { proxy, revoke } = Proxy.revocable([], {}); revoke(); return proxy }",
    "a proxy as a prototype":
      "const f = () => Object.create(new Proxy({}, { getPrototypeOf: () => Object.prototype }))",
    "a proxy deep inside": "const f = () => ({ a: [{ b: new Proxy({}, {}) }] })",
    "a getter": "const f = () => ({ get value() { return 10 } })",
    "a getter that never ends": "const f = () => ({ get value() { for (;;); } })",
    "a getter of a list":
      "const f = () => Object.defineProperty([], 0, { get: () => 10, enumerable: true })",
    "a list in itself": "const f = () => { const a = []; a[0] = a; return a }",
    "objects that hold each other":
      "const f = () => { const a = {}, b = { a }; a.b = b; return a }",
    "a very deep list":
      "const f = () => { let a = []; for (let i = 0; i < 1e5; i++) a = [a]; return a }",
    "a function": "const f = () => f",
    "a function that says it is a number":
      "const f = () => Object.assign(() => {}, { valueOf: () => 10 })",
    "a symbol": "const f = () => Symbol('10')",
    "a generator": "function* f(x) { yield x * x + 1 }",
    "an error as a value": "const f = () => new Error('10')",
    "a date": "const f = () => new Date(10)",
    "a typed array": "const f = () => new Uint8Array([10])",
    "a thenable": "const f = () => ({ then: (resolve) => resolve(10) })",
    "a false Map": "const f = () => Object.setPrototypeOf({ size: 0 }, Map.prototype)",
    "a module's namespace": "const f = () => import('fs')"
  }),
  ...programs("error", {
    "a getter in the message": "const f = () => { throw { get message() { for (;;); } } }",
    "an error whose name never ends":
      "const f = () => { const e = new Error('x'); Object.defineProperty(e, 'name', { get() { for (;;); } }); throw e }",
    "an error that is a proxy":
      "const f = () => { throw new Proxy(new Error('x'), { get() { for (;;); } }) }",
    "a stack that is prepared":
      "Error.prepareStackTrace = () => { throw 1 }; const f = () => { null.x }",
    "a forged stack":
      "const f = () => { const e = new Error('x'); e.stack = 'at program.js:99999'; throw e }",
    "a frozen error": "const f = () => { throw Object.freeze(new RangeError('x')) }",
    "throw null": "const f = () => { throw null }",
    "throw undefined": "const f = () => { throw undefined }",
    "throw a symbol": "const f = () => { throw Symbol('x') }",
    "throw a function": "const f = () => { throw () => {} }",
    "throw the words of a timeout": "const f = () => { throw 'interrupted' }",
    "endless recursion": "const f = (x) => f(x) + 1",
    "a getter that asks itself":
      "const f = () => { const o = { get a() { return o.a } }; return o.a }",
    "leaving before a value": "const f = () => process.exit(0)",
    "leaving while loading": "process.exit(0); const f = (x) => x * x + 1",
    "a promise that is refused": "const f = () => Promise.reject(new Error('no'))",
    "no such function": "const g = (x) => x * x + 1",
    "f is not a function": "const f = 10",
    "f is a getter that throws":
      "Object.defineProperty(globalThis, 'f', { get() { throw new Error('x') } })",
    "a huge power": "const f = () => 2n ** 100000000n",
    "a buffer that is too large": "const f = () => new ArrayBuffer(2 ** 31)",
    "unbalanced brackets that close the reader": "const f = (x) => x * x + 1 }) ; ({",
    "deep brackets": `const f = (x) => ${"(".repeat(30_000)}x${")".repeat(30_000)}`,
    "deep JSON": "const f = () => JSON.parse('['.repeat(100000))",
    "a regular expression that is too deep": "const f = () => new RegExp('('.repeat(100000))",
    "deep brackets in eval": "const f = () => eval('['.repeat(100000))",
    "nothing at all": "",
    "a NUL": "const f = (x) => x\u0000 * x + 1"
  }),
  ...programs("timeout", {
    "a loop": "const f = () => { for (;;); }",
    "a loop that catches everything":
      "const f = () => { for (;;) try { for (;;); } catch {} finally { continue } }",
    "a loop while loading": "for (;;);",
    "a loop in eval": "const f = () => eval('for (;;);')",
    "a loop in new Function": "const f = () => new Function('for (;;);')()",
    "a loop in a generator":
      "const f = () => { for (const each of (function* () { for (;;) yield 1 })()); }",
    "a loop in a sort": "const f = () => [2, 1].sort(() => { for (;;); })",
    "a loop in toString": "const f = () => `${{ toString() { for (;;); } }}`",
    "a loop in a promise": "const f = () => new Promise(() => { for (;;); })",
    "a loop of microtasks": "const f = async () => { for (;;) await null }",
    "microtasks that breed":
      "const f = () => new Promise(() => { const g = () => { Promise.resolve().then(g); Promise.resolve().then(() => {}) }; g() })",
    "a thenable that never ends":
      "const f = async () => ({ then: (resolve) => resolve({ then: function again(r) { r({ then: again }) } }) })",
    "a promise that never settles": "const f = () => new Promise(() => {})",
    "a timer that does not exist":
      "const f = (x) => new Promise((resolve) => { globalThis.setTimeout?.(() => resolve(x * x + 1), 1) })",
    "a catastrophic regular expression": "const f = () => /^(a+)+$/.test('a'.repeat(40) + 'b')",
    "a slow split": "const f = () => 'x'.repeat(50000).split(/(x+x+)+y/)",
    "a search of 2^53 items": `const f = () => ${endless}`,
    "a reverse of 2^53 items":
      "const f = () => Array.prototype.reverse.call({ length: 2 ** 53 - 1 })",
    "a join of 2^32 items": "const f = () => new Array(4294967295).join()"
  }),
  ...programs("memory", {
    "a string that doubles": "const f = () => { let s = 'a'; for (;;) s += s }",
    "a long string": "const f = () => 'a'.repeat(1e9)",
    "a list that grows": "const f = () => { const a = []; for (;;) a.push({}) }",
    buffers: "const f = () => { const a = []; for (;;) a.push(new ArrayBuffer(1e6)) }",
    "a full list": "const f = () => new Array(1e9).fill(7)",
    "a map that grows":
      "const f = () => { const m = new Map(); for (let i = 0; ; i++) m.set(i, {}) }",
    "a chain": "const f = () => { let o = {}; for (;;) o = { o } }",
    "big integers":
      "const f = () => { const a = []; for (let n = 1n << 1000000n; ; n++) a.push(n) }",
    "promises that pile up":
      "const f = async () => { const a = []; for (;;) a.push(new Promise(() => {})) }"
  }),
  ...programs("output-limit", {
    "a flood": "const f = () => { for (;;) console.log('x'.repeat(1000)) }",
    "a flood that catches":
      "const f = () => { for (;;) try { console.log('x'.repeat(1000)) } catch {} }",
    "a flood while loading":
      "for (let i = 0; i < 3000; i++) console.log('x'.repeat(1000)); const f = (x) => x * x + 1",
    "a flood of errors": "const f = () => { for (;;) console.error('x'.repeat(1000)) }",
    "one long line": "const f = (x) => { console.log('x'.repeat(2e6)); return x * x + 1 }",
    "a long text": "const f = () => 'x'.repeat(2e6)",
    "a long list": "const f = () => new Array(200000).fill(7)",
    "an empty list of 2^32": "const f = () => new Array(4294967295)",
    "many keys":
      "const f = () => Object.fromEntries(Array.from({ length: 150000 }, (_, i) => [i, i]))",
    "one list, many times":
      "const f = () => { let a = [1]; for (let i = 0; i < 60; i++) a = [a, a]; return a }",
    "a big bigint": "const f = () => 2n ** 100000n"
  })
}
