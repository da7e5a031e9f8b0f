/** The benchmark as a Markdown page. */
import { formatMeasurement } from "./formatRow.ts"
import type { DatedRow, Report } from "./Report.ts"
import { sectionOf } from "./Report.ts"
import type { Goal, PeerResult } from "./Row.ts"

// a bar inside a cell would end it
const escaped = (cell: string): string => cell.replaceAll("|", String.raw`\|`)

const line = (cells: ReadonlyArray<string>, widths: ReadonlyArray<number>): string =>
  `| ${cells.map((cell, at) => cell + " ".repeat((widths[at] ?? 0) - cell.length)).join(" | ")} |`

/** A Markdown table with columns of even width, as the formatter wants them. */
const table = (
  head: ReadonlyArray<string>,
  body: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => {
  const rows = [head, ...body].map((cells) => cells.map(escaped))
  const widths = head.map((_, at) => Math.max(3, ...rows.map((cells) => (cells[at] ?? "").length)))
  const [titles = [], ...others] = rows
  return [
    line(titles, widths),
    line(
      widths.map((width) => "-".repeat(width)),
      widths
    ),
    ...others.map((cells) => line(cells, widths))
  ]
}

interface Section {
  readonly name: string
  readonly title: string
  readonly text: string
}

const sections: ReadonlyArray<Section> = [
  {
    name: "matmul",
    title: "Matrix products",
    text: "The machine's own f32 peak: chains of products in onnxruntime, the better of fed factors, as in training, and constant ones. The highest single repetition of any shape, in the same run, is the peak that the shares below refer to. PyTorch multiplies f32 matrices with MKL, whose generic path, the one for processors that are not Intel's, does without AVX-512: on such a machine that is a part of every ratio below."
  },
  {
    name: "train",
    title: "Training",
    text: "One step: forward, backward, clipping at a gradient norm of 1, AdamW. Tokens are positions that are run. Cross entropy falls on every target, or on a third of them in runs of 16, as on a student's turns in dialogues. Before anything is timed, losses must agree to 1e-4 and gradients' norms to 1e-3 (relative) at the same weights. PyTorch: `LlamaForCausalLM` of transformers from the same folder, f32, SDPA, fused AdamW; `torch.compile` of forward and loss with fixed shapes, compilation and warm-up not timed."
  },
  {
    name: "sample",
    title: "Sampling",
    text: "Random prompts, temperature 1, no early stop, prompts included in the time; new tokens a second. Greedy continuations of four prompts must be equal first. transformers: `generate` with one left-padded static batch, its dynamic key-value cache, SDPA, inference mode, no top-k, no end token."
  },
  {
    name: "dialogue",
    title: "Dialogues",
    text: "A statement of 32–64 random tokens, four turns of the student, 8–24 random tokens of the environment between two of them. The number of tokens of each turn is drawn in advance, uniformly and the same for both sides; it is a limit, without an early stop, so both sides sample equally many. The student's tokens a second, temperature 1, everything included. Ours: a fiber a dialogue asks for the next turn as soon as it has the last, under a `cacheKey` of its own in each repetition: keys and values stay from turn to turn, only what is new is read, and a turn that ends makes no other wait. transformers: `generate` as in Sampling, where prompts are read once and all rows end together, so that a static batch wastes next to nothing. Here each turn is one left-padded batch of all histories that runs until its longest row is done; each row keeps as many tokens as it was to say, 57 % of what is sampled. Rows of unlike lengths leave no cache that the next batch, padded anew, could take: every turn reads whole histories again. Greedy continuations of four statements must be equal first."
  },
  {
    name: "grpo",
    title: "A whole GRPO step",
    text: "Rollout of groups about single-turn prompts, a 0/1 reward, advantages, one clipped update without a reference model; new tokens a second. Ours is `train` of `@sml/grpo-core` with its check of log-probabilities. TRL's `GRPOTrainer` with its quickest settings for the same work: all completions in one batch (so that the sampling policy's log-probabilities need no pass of their own), `beta` 0, one iteration, gradient checkpointing off (its default is on), `dapo` loss (the same mean over tokens), fused AdamW, f32, `generate` of transformers."
  },
  {
    name: "memory",
    title: "Memory",
    text: "Largest resident memory (VmHWM) of a fresh process that does the work once, Node and the weights included; 1 GB = 10⁹ bytes."
  },
  {
    name: "verify",
    title: "Verifiers",
    text: "Math: pairs of a reference and an utterance with a boxed answer in ten forms (integers, thousands, fractions, roots, tuples, polynomials, decimals, relations), half of them or so wrong, all different; every verdict is checked. Math-Verify: `parse` and `verify` of the same pairs, without its time limits. Programs: three calls each, half of the programs wrong, all different, 64 asked at a time; every verdict is checked. Processes and threads run when the clock starts."
  }
]

const verdict = ({ met }: Goal): string =>
  met === undefined ? "not measured" : met ? "met" : "**not met**"

const peerCell = (result: PeerResult | undefined): string => {
  if (result?.measurement === undefined) return result?.note ?? "–"
  const measured = formatMeasurement(result.measurement)
  return result.ratio === undefined ? measured : `${measured}, **${result.ratio.toFixed(2)} ×**`
}

const sectionLines = (section: Section, all: ReadonlyArray<DatedRow>): ReadonlyArray<string> => {
  const rows = all.filter(({ row }) => sectionOf(row.bench) === section.name)
  if (rows.length === 0) return []
  const peers = [...new Set(rows.flatMap(({ row }) => row.peers.map(({ peer }) => peer)))]
  const shares = rows.some(({ row }) => row.share !== undefined)
  const unit = rows.find(({ row }) => row.unit !== "")?.row.unit ?? ""
  const head = [
    "work",
    `sml, ${unit}`,
    ...(shares ? ["share of the peak"] : []),
    ...peers,
    "measured"
  ]
  const body = rows.map(({ measured, row }) =>
    [
      row.title,
      row.ours === undefined ? (row.note ?? "failed") : formatMeasurement(row.ours)
    ].concat(
      shares ? [row.share === undefined ? "–" : `${(row.share * 100).toFixed(0)} %`] : [],
      peers.map((name) => peerCell(row.peers.find(({ peer }) => peer === name))),
      [measured]
    )
  )
  return ["", `## ${section.title}`, "", section.text, "", ...table(head, body)]
}

const linksTo = (others: ReadonlyArray<string>): ReadonlyArray<string> =>
  others.length === 0
    ? []
    : [
        "",
        `On other machines: ${others.map((name) => `[${name}](results/benchmarks-${name}.md)`).join(", ")}.`
      ]

/** The page: machine, goals, then every number. `others` are the names of machines that have a page. */
export const renderReport = (report: Report, others: ReadonlyArray<string> = []): string => {
  const goals = report.rows.flatMap(({ row }) => row.goals)
  const versions = Object.assign({}, ...report.rows.map(({ row }) => row.versions ?? {}))
  return [
    "# Benchmarks",
    "",
    "Written by `pnpm bench --python PATH`, where PATH is a Python with the packages of",
    "`bench/peers/requirements.txt`; do not edit. `pnpm bench --only train/nano --python PATH` repeats some",
    "rows and keeps the others; `--help` lists them. Without `--python` the peers are _not measured_.",
    "",
    "Median (smallest–largest) of several repetitions. Ours and the peers' take turns on the same number of",
    "threads, so that a busy moment hits both. `×` says how many times faster ours is.",
    "",
    ...table(
      ["machine", ""],
      Object.entries({ ...report.machine, ...versions }).map(([name, value]) => [
        name,
        String(value)
      ])
    ),
    ...linksTo(others),
    "",
    "## Goals",
    "",
    ...table(
      ["", "needed", "measured", ""],
      goals.map((goal) => [goal.claim, goal.needed, goal.value, verdict(goal)])
    ),
    ...sections.flatMap((section) => sectionLines(section, report.rows)),
    "",
    "## Share of the peak",
    "",
    "Operations that a training step needs over its time, as a share of the peak above. With M weights in",
    "the matrices behind the last layer's attention, N in the layers' other matrices, V·d in the head, L layers,",
    "q the width of all query heads, R rows of T positions:",
    "",
    "```text",
    "6·N·R·T + 6·M·targets + 6·V·d·targets + 12·L·q·R·T(T+1)/2",
    "```",
    "",
    "2 for a multiplication and an addition, times 3 for the product and the gradients of its two sides. The",
    "head and M count only where a loss falls, attention only its causal half; what is computed beyond that earns",
    "nothing. The look-up of embeddings, norms, rotations, softmax and the optimiser count nothing but take",
    "time.",
    ""
  ].join("\n")
}
