import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { MetricsLine, parseJsonLines } from "@sml/run-store"
import { LogLine } from "@sml/trainer/LogLine"
import * as Schema from "effect/Schema"

import { sml } from "./support/sml.ts"

const fixture = (name: string) => fileURLToPath(import.meta.resolve(`./fixtures/${name}.config.ts`))
const canary = "canary-7f3a91c2"

let root = ""
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "sml-watching-"))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const decodeLine = Schema.decodeUnknownSync(Schema.fromJsonString(LogLine), {
  onExcessProperty: "error"
})

/** Every line of the text; none may be anything else. */
const linesOf = (text: string): ReadonlyArray<LogLine> =>
  text
    .trimEnd()
    .split("\n")
    .map((line) => decodeLine(line))

const metricsOf = async (directory: string) =>
  parseJsonLines(MetricsLine, await readFile(join(directory, "metrics.jsonl"), "utf8")).values

/** Sends Ctrl-C at the first line of an event. */
const interruptAt = (event: string) => {
  let seen = false
  return {
    duringError: (child: { kill: (signal: NodeJS.Signals) => boolean }, err: string) => {
      if (seen || !err.includes(`"event":"${event}"`)) return
      seen = true
      child.kill("SIGINT")
    }
  }
}

describe("--log-format json", () => {
  it("writes lines for programs on standard error, results on standard output", async () => {
    const out = join(root, "json")
    const run = await sml(
      [
        "train",
        "--config",
        fixture("tabular"),
        "--steps",
        "3",
        "--out",
        out,
        "--log-format",
        "json"
      ],
      { env: { SOME_API_KEY: canary } }
    )
    assert.strictEqual(run.code, 0, run.err)
    const lines = linesOf(run.err)
    const metrics: ReadonlyArray<unknown> = lines.flatMap((line) =>
      line.event === "step" ? [line.metrics] : []
    )
    assert.deepStrictEqual(metrics, await metricsOf(out))
    const plan = lines.find(({ event }) => event === "plan")
    assert.isTrue(plan?.event === "plan" && plan.parts.some(({ name }) => name === "training"))
    assert.isTrue(lines.some((line) => line.event === "note" && line.message.includes(out)))
    assert.isTrue(lines.some((line) => line.event === "begin" && line.secondsLeft >= 0))
    assert.notInclude(run.out, "step 1/3")
    assert.include(run.out, "report:")
    assert.notInclude(run.err + run.out, "\u001b")
    assert.notInclude(run.err + run.out, canary)
    const times = lines.map(({ time }) => Date.parse(time))
    assert.deepStrictEqual(
      times,
      times.toSorted((left, right) => left - right)
    )
  })

  it("is a variable, too, and says a failure as a line", async () => {
    const env = { SML_LOG_FORMAT: "json" }
    const { code, err } = await sml(["train", "--kl-estimator", "k1"], { env })
    assert.strictEqual(code, 1)
    const [line, ...others] = linesOf(err)
    assert.isEmpty(others)
    assert.strictEqual(line?.event, "failure")
    assert.strictEqual(line?.level, "error")
    assert.isTrue(
      line?.event === "failure" && line.message.startsWith("--kl-estimator does nothing")
    )
  })

  it("refuses a variable that is neither", async () => {
    const { code, err } = await sml(["config"], { env: { SML_LOG_FORMAT: "xml" } })
    assert.strictEqual(code, 1)
    assert.strictEqual(err.trim(), 'SML_LOG_FORMAT is "xml"; expected text or json')
  })

  it("leaves standard output to the verdicts of sml verify", async () => {
    const file = join(root, "cases.jsonl")
    await writeFile(file, JSON.stringify({ id: 1, gold: "2", pred: "2" }))
    const run = await sml(["verify", "math", "--file", file, "--log-format", "json"])
    assert.match(run.out, /^{"id":1,"verdict":"equal",[^\n]*}\n$/)
    assert.strictEqual(linesOf(run.err)[0]?.event, "plan")
  })

  it("says a warning as one, and how an interrupted run ended", async () => {
    const run = await sml(
      ["train", "--config", fixture("slow"), "--out", join(root, "slow"), "--log-format", "json"],
      {
        env: { SML_STORE: root },
        ...interruptAt("step")
      }
    )
    const lines = linesOf(run.err)
    assert.isTrue(lines.some(({ event, level }) => event === "note" && level === "warn"))
    const last = lines.at(-1)
    assert.isTrue(last?.event === "farewell" && last.message.startsWith("interrupted after step"))
  })
})

const Value = Schema.Struct({ stringValue: Schema.optionalKey(Schema.String) })
const Resource = Schema.Struct({
  attributes: Schema.Array(Schema.Struct({ key: Schema.String, value: Value }))
})
const Traces = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Resource,
      scopeSpans: Schema.Array(
        Schema.Struct({
          spans: Schema.Array(
            Schema.Struct({
              name: Schema.String,
              spanId: Schema.String,
              parentSpanId: Schema.optionalKey(Schema.String)
            })
          )
        })
      )
    })
  )
})
const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      scopeMetrics: Schema.Array(
        Schema.Struct({
          metrics: Schema.Array(
            Schema.Struct({
              name: Schema.String,
              gauge: Schema.optionalKey(
                Schema.Struct({
                  dataPoints: Schema.Array(
                    Schema.Struct({ asDouble: Schema.optionalKey(Schema.Finite) })
                  )
                })
              )
            })
          )
        })
      )
    })
  )
})

interface Received {
  readonly path: string
  readonly key: string | undefined
  readonly body: string
}

/** A collector that keeps what it gets and answers with the status. */
const collector = async (status: number) => {
  const received: Array<Received> = []
  const server: Server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on("end", () => {
      const key = request.headers["x-api-key"]
      received.push({ path: request.url ?? "", key: Array.isArray(key) ? key[0] : key, body })
      response.writeHead(status, { "content-type": "application/json" }).end("{}")
    })
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = isAddress(address) ? address.port : 0
  return { received, server, url: `http://127.0.0.1:${port}` }
}

const isAddress = (address: AddressInfo | string | null): address is AddressInfo =>
  address !== null && typeof address !== "string"

const trainTwoSteps = (name: string, env: Readonly<Record<string, string>>) =>
  sml(
    [
      "train",
      "--config",
      fixture("tabular"),
      "--steps",
      "2",
      "--no-eval",
      "--out",
      join(root, name)
    ],
    { env }
  )

describe("telemetry", () => {
  it("sends spans and the numbers of the steps to the endpoint", async () => {
    const { received, server, url } = await collector(200)
    const run = await trainTwoSteps("observed", {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${canary}`,
      OTEL_SERVICE_NAME: "my-training"
    })
    server.close()
    assert.strictEqual(run.code, 0, run.err)
    assert.isTrue(received.length > 0 && received.every(({ key }) => key === canary))
    assert.notInclude(run.out + run.err, canary)

    const traces = received
      .filter(({ path }) => path === "/v1/traces")
      .map(({ body }) => Schema.decodeUnknownSync(Schema.fromJsonString(Traces))(body))
      .flatMap(({ resourceSpans }) => resourceSpans)
    assert.isTrue(
      traces.every(({ resource }) =>
        resource.attributes.some(
          ({ key, value }) => key === "service.name" && value.stringValue === "my-training"
        )
      )
    )
    const spans = traces.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans))
    const named = (name: string) => spans.filter((span) => span.name === name)
    assert.lengthOf(named("trainer.trainStep"), 2)
    assert.lengthOf(named("grpo-core.update"), 2)
    assert.sameMembers(
      named("grpo-core.update").map(({ parentSpanId }) => parentSpanId ?? ""),
      named("trainer.trainStep").map(({ spanId }) => spanId)
    )

    const gauges = received
      .filter(({ path }) => path === "/v1/metrics")
      .map(({ body }) => Schema.decodeUnknownSync(Schema.fromJsonString(Metrics))(body))
      .flatMap(({ resourceMetrics }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    const last = (await metricsOf(join(root, "observed"))).at(-1) ?? {}
    for (const [name, value] of Object.entries(last)) {
      const gauge = gauges.findLast((one) => one.name === `sml.train.${name}`)?.gauge
      assert.strictEqual(gauge?.dataPoints[0]?.asDouble, value, name)
    }
  })

  it("an endpoint that is no URL is one sentence", async () => {
    const sentence =
      "OTEL_EXPORTER_OTLP_ENDPOINT is no URL; expected one such as http://localhost:4318"
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: canary }
    const run = await trainTwoSteps("garbage", env)
    assert.strictEqual(run.code, 1)
    assert.strictEqual(run.err.trim(), sentence)
    const [line] = linesOf((await trainTwoSteps("json", { ...env, SML_LOG_FORMAT: "json" })).err)
    assert.isTrue(line?.event === "failure" && line.message === sentence)
  })

  it("what is told of a collector is a line, too, where lines are wanted", async () => {
    const { server, url } = await collector(401)
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: url, SML_LOG_FORMAT: "json" }
    const run = await trainTwoSteps("refusing-json", env)
    server.close()
    const warnings = linesOf(run.err).filter(({ level }) => level === "warn")
    assert.lengthOf(warnings, 1)
    assert.isTrue(warnings[0]?.event === "note" && warnings[0].message.includes("status 401"))
  })

  it("a collector that never answers keeps nobody waiting", async () => {
    const server = createServer(() => undefined)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const address = server.address()
    const url = `http://127.0.0.1:${isAddress(address) ? address.port : 0}`
    const started = performance.now()
    const run = await trainTwoSteps("silent", { OTEL_EXPORTER_OTLP_ENDPOINT: url })
    server.closeAllConnections()
    server.close()
    assert.strictEqual(run.code, 0, run.err)
    assert.isBelow(performance.now() - started, 30_000)
  })

  it.each([
    ["down", undefined, /\(Transport\w*\)/],
    ["refusing", 401, /\(status 401\)/],
    ["broken", 500, /\(status 500\)/]
  ] as const)(
    "a collector that is %s stops nothing and is told of once",
    async (name, status, why) => {
      const started = performance.now()
      const { server, url } = await collector(status ?? 200)
      if (status === undefined) server.close()
      const run = await trainTwoSteps(name, { OTEL_EXPORTER_OTLP_ENDPOINT: url })
      server.close()
      assert.strictEqual(run.code, 0, run.err)
      assert.lengthOf(await metricsOf(join(root, name)), 2)
      const warnings = run.err.trimEnd().split("\n")
      assert.lengthOf(warnings, 1, run.err)
      assert.match(warnings[0] ?? "", why)
      assert.isBelow(performance.now() - started, 30_000)
    }
  )
})
