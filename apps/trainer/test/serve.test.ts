import { createServer } from "node:http"
import { fileURLToPath } from "node:url"

import { assert, describe, it } from "@effect/vitest"
import OpenAI, { APIError } from "openai"

import { sml } from "./support/sml.ts"

/** The embedded student's folder. */
const checkpoint = fileURLToPath(
  new URL("../../../packages/nano-student/checkpoint", import.meta.url)
)

const addressIn = (text: string): string | undefined =>
  /http:\/\/127\.0\.0\.1:\d+\S*/.exec(text)?.[0]

describe.concurrent("sml serve", () => {
  it("answers clients until it is interrupted, and then ends well", async () => {
    const answers: Array<unknown> = []
    let isAsked = false
    const ended = await sml(["serve", "--model", checkpoint, "--port", "0"], {
      during: (child, out) => {
        const address = addressIn(out)
        if (address === undefined || isAsked) return
        isAsked = true
        const ask = async () => {
          const origin = new URL(address).origin
          answers.push(await (await fetch(`${origin}/v1/models`)).json())
          const response = await fetch(`${origin}/v1/completions`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ model: "checkpoint", prompt: "find a", max_tokens: 3, seed: 1 })
          })
          answers.push([response.status, await response.json()])
        }
        void ask()
          .catch((error: unknown) => answers.push(String(error)))
          .finally(() => child.kill("SIGINT"))
      }
    })
    assert.lengthOf(answers, 2, `${ended.out}${ended.err}`)
    assert.include(JSON.stringify(answers[0]), '"checkpoint"')
    assert.match(JSON.stringify(answers[1]), /^\[200,.*"choices":\[\{/)
    assert.include([0, 130], ended.code)
    assert.notMatch(ended.err, /\n\s+at /)
  })

  it("serves the client of OpenAI: chat, a stream of it, log-probabilities, and the key", async () => {
    const chat = {
      model: "mine",
      messages: [{ role: "user" as const, content: "write f ( x ) = x * k + m . f ( 1 ) = 1 0 ." }],
      seed: 7,
      max_tokens: 12
    }
    const drive = async (baseURL: string) => {
      const open = (apiKey: string) => new OpenAI({ baseURL, apiKey, maxRetries: 0 })
      const client = open("right")
      const { choices } = await client.chat.completions.create({ ...chat, logprobs: true })
      let streamed = ""
      for await (const chunk of await client.chat.completions.create({ ...chat, stream: true })) {
        streamed += chunk.choices[0]?.delta.content ?? ""
      }
      const stranger = await open("wrong")
        .models.list()
        .then(
          () => "let in",
          (error: unknown) => (error instanceof APIError ? error.status : String(error))
        )
      return { choice: choices[0], streamed, stranger }
    }
    let driven: ReturnType<typeof drive> | undefined
    const args = ["serve", "--model", checkpoint, "--model-name", "mine", "--port", "0"]
    const ended = await sml(args, {
      env: { SML_API_KEY: "right" },
      during: (child, out) => {
        const address = addressIn(out)
        if (address === undefined || driven !== undefined) return
        driven = drive(address)
        void driven.then(
          () => child.kill("SIGINT"),
          () => child.kill("SIGINT")
        )
      }
    })
    assert.isDefined(driven, ended.err)
    const { choice, stranger, streamed } = await driven
    assert.isAbove(choice?.message.content?.length ?? 0, 0)
    assert.strictEqual(streamed, choice?.message.content)
    const tokens = choice?.logprobs?.content ?? []
    assert.isAbove(tokens.length, 0)
    assert.isTrue(tokens.every(({ logprob }) => logprob <= 0))
    assert.strictEqual(stranger, 401)
  })

  it("says in a sentence that a port is taken, or a model is not there", async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => {
      taken.listen(0, "127.0.0.1", () => resolve())
    })
    const address = taken.address()
    const port = typeof address === "object" && address !== null ? String(address.port) : ""
    const [busy, missing] = await Promise.all([
      sml(["serve", "--model", checkpoint, "--port", port]),
      sml(["serve", "--model", "/nowhere/model", "--port", "0"])
    ])
    taken.close()
    for (const [ended, sentence] of [
      [busy, new RegExp(port)],
      [missing, /\/nowhere\/model/]
    ] as const) {
      assert.strictEqual(ended.code, 1)
      assert.match(ended.err, sentence)
      assert.strictEqual(ended.err.trimEnd().split("\n").length, 1, ended.err)
    }
  })
})
