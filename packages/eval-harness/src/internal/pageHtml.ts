/** A page of its own: no script, nothing loaded (its content security policy forbids it). */
import type { Html } from "./html.ts"
import { html } from "./html.ts"
import { styleSheet } from "./style.ts"

/** A whole page around its main part. */
export const pageHtml = (title: string, body: Html): string =>
  html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; style-src 'unsafe-inline'"
        />
        <title>${title}</title>
        <style>
          ${styleSheet}
        </style>
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html> `.source

/** Short facts under a title. */
export const factsHtml = (facts: Readonly<Record<string, string>>): Html =>
  html`<dl class="facts">
    ${Object.entries(facts).map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`
    )}
  </dl>`
