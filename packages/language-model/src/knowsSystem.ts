/** Whether a chat template has system messages. */
import * as Result from "effect/Result"

import type { ChatMessage, ChatTemplate } from "./ChatTemplate.ts"

/**
 * Whether the template tells system messages from a user's and an assistant's. One that takes any role
 * for one of its own would put words into the model's mouth.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict"
 * import { compileChatTemplate, knowsSystem } from "@sml/language-model"
 * import { Result } from "effect"
 *
 * const compile = (role: string) =>
 *   Result.getOrThrow(
 *     compileChatTemplate({
 *       name: "example",
 *       source: `{% for message in messages %}[{{ ${role} }}] {{ message.content }} {% endfor %}`
 *     })
 *   )
 * assert.equal(knowsSystem(compile("message.role")), true)
 * assert.equal(knowsSystem(compile("'user' if message.role == 'user' else 'assistant'")), false)
 * ```
 */
export const knowsSystem = (template: ChatTemplate): boolean => {
  const text = (role: ChatMessage["role"]) =>
    template.render(
      [
        { role, content: "one" },
        { role: "user", content: "two" }
      ],
      true
    )
  const system = text("system")
  if (Result.isFailure(system) || !system.success.includes("one")) return false
  const others = (["assistant", "user"] as const).map(text)
  return !others.some((other) => Result.isSuccess(other) && other.success === system.success)
}
