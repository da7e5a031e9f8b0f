import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"

import { assert, describe, it } from "@effect/vitest"
import { checkpointDirectory } from "@sml/nano-student/checkpointDirectory"
import { DoctorReport } from "@sml/trainer/DoctorCheck"
import { dataSize, renderDownload } from "@sml/trainer/renderDownload"
import { colourless } from "@sml/trainer/Style"
import * as Schema from "effect/Schema"

import { sml } from "./support/sml.ts"

const commit = "0123456789abcdef0123456789abcdef01234567"
const files = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]

const read = (name: string) => readFileSync(join(checkpointDirectory, name))

/** Serves the embedded student as `who/what`. */
const answer = (request: IncomingMessage, response: ServerResponse) => {
  const path = new URL(request.url ?? "/", "http://here").pathname
  const json = (body: unknown) => {
    response.setHeader("Content-Type", "application/json")
    response.end(JSON.stringify(body))
  }
  if (path === "/api/models/who/what/revision/main") json({ _id: "1", id: "who/what", sha: commit })
  else if (path === `/api/models/who/what/tree/${commit}`) {
    json(files.map((name) => ({ type: "file", path: name, size: read(name).length, oid: "0" })))
  } else if (path.startsWith(`/who/what/resolve/${commit}/`)) {
    response.end(read(path.split("/").at(-1) ?? ""))
  } else {
    response.writeHead(401, { "X-Error-Code": "RepoNotFound" })
    response.end()
  }
}

const withHub = async <A>(use: (env: Readonly<Record<string, string>>) => Promise<A>) => {
  const server = createServer(answer)
  await new Promise<void>((ready) => {
    server.listen(0, "127.0.0.1", ready)
  })
  const cache = mkdtempSync(join(tmpdir(), "sml-hub-"))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  try {
    return await use({ SML_CACHE: cache, HF_ENDPOINT: `http://127.0.0.1:${port}`, HF_TOKEN: "" })
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(cache, { recursive: true })
  }
}

const reportOf = (out: string) => Schema.decodeUnknownSync(Schema.fromJsonString(DoctorReport))(out)

describe("a model named by the hub", () => {
  it("is downloaded, looked at, and found again without a connection", () =>
    withHub(async (env) => {
      const first = await sml(["doctor", "--model", "who/what"], { env })
      assert.match(first.out, /downloaded: who\/what to .*0123456789abcdef/)
      assert.match(first.out, /model {10}llama, /)
      const again = await sml(["doctor", "--model", "who/what", "--json"], {
        env: { ...env, HF_HUB_OFFLINE: "1" }
      })
      const { checks } = reportOf(again.out)
      assert.deepInclude(
        checks.map(({ name, status }) => ({ name, status })),
        { name: "dialogue", status: "ok" }
      )
    }))

  it("that is not there is one sentence and exit code 1, for every command", () =>
    withHub(async (env) => {
      const doctor = await sml(["doctor", "--model", "who/none", "--json"], { env })
      const found = reportOf(doctor.out).checks.find(({ name }) => name === "model")
      assert.match(found?.detail ?? "", /^There is no folder who\/none here and no model who\/none/)
      assert.strictEqual(doctor.code, 1)
      const evaluation = await sml(["eval", "--checkpoint", "who/none"], { env })
      assert.match(evaluation.err, /^There is no folder who\/none here and [^\n]*\.\n$/)
      assert.strictEqual(evaluation.code, 1)
      const training = await sml(["train", "--checkpoint", "who/none"], {
        env: { ...env, HF_HUB_OFFLINE: "1" }
      })
      assert.match(
        training.err,
        /^who\/none is not in [^\n]* as a whole and nothing may [^\n]*\.\n$/
      )
      assert.strictEqual(training.code, 1)
    }))
})

describe("the bar of a download", () => {
  it("shows the share, the rate and the time left", () => {
    const progress = { model: "a/b", file: "f", bytesTotal: 200e6, bytesDone: 50e6 }
    assert.strictEqual(
      renderDownload({ ...progress, bytesFetched: 10e6, millis: 4000 }, colourless),
      `a/b ${"━".repeat(5)}${"─".repeat(15)}  25%  50.0 MB of 200.0 MB  2.5 MB/s  1:00 left`
    )
    assert.notInclude(renderDownload({ ...progress, bytesFetched: 9, millis: 9 }, colourless), "/s")
  })

  it("writes sizes in the unit that fits", () => {
    assert.deepEqual([0, 999, 1000, 12_345_678, 5e15].map(dataSize), [
      "0 B",
      "999 B",
      "1.0 kB",
      "12.3 MB",
      "5000.0 TB"
    ])
  })
})
