/** Algorithms: paths, orders, subsets, colourings, schedules. */
import * as Schema from "effect/Schema"

import { randomElement, randomInteger } from "../../Random.ts"
import { parseIntegers, parseNames, parsePairs } from "./answerText.ts"
import type { DefinedGenerator } from "./defineGenerator.ts"
import { defineGenerator } from "./defineGenerator.ts"
import { capitals, drawUntil, repeated, sampled, shuffled } from "./draws.ts"
import { elementAt } from "./elementAt.ts"

const Integers = Schema.Array(Schema.Int)

/** Undirected: from, to and length. */
const Edges = Schema.Array(Schema.Struct({ from: Schema.Int, to: Schema.Int, length: Schema.Int }))
type Edges = typeof Edges.Type

const WeightedGraph = Schema.Struct({ count: Schema.Int, edges: Edges })
type WeightedGraph = typeof WeightedGraph.Type

const nodes = capitals(20)

const drawGraph = (random: () => number, count: number): WeightedGraph => {
  const order = shuffled(
    random,
    repeated(count, (index) => index)
  )
  const pairs = repeated(count, (to) => repeated(to, (from) => ({ from, to }))).flat()
  // a random tree keeps it in one piece
  const tree = order.slice(1).map((to, index) => {
    const from = elementAt(order, randomInteger(random, 0, index))
    return { from: Math.min(from, to), to: Math.max(from, to) }
  })
  const isNew = (pair: { from: number; to: number }) =>
    !tree.some(({ from, to }) => from === pair.from && to === pair.to)
  const edges = [...tree, ...sampled(random, pairs.filter(isNew), count)]
  return {
    count,
    edges: shuffled(
      random,
      edges.map(({ from, to }) => ({ from, to, length: randomInteger(random, 1, 20) }))
    )
  }
}

const showEdges = (edges: Edges): string =>
  edges.map(({ from, length, to }) => `${nodes[from]}-${nodes[to]}: ${length}`).join(", ")

const canonicalGraph = ({ count, edges }: WeightedGraph): string =>
  `${count} ${edges
    .map(({ from, length, to }) => `${from}-${to}:${length}`)
    .toSorted()
    .join(" ")}`

const lengthBetween = (edges: Edges, left: number, right: number): number | undefined =>
  edges.find(({ from, to }) => (from === left && to === right) || (from === right && to === left))
    ?.length

/** Bellman-Ford from node 0: the distance of every node and the node before it. */
const shortest = ({ count, edges }: WeightedGraph) => {
  const distance = repeated(count, (node) => (node === 0 ? 0 : Infinity))
  const before = repeated(count, () => -1)
  for (let round = 0; round < count; round++) {
    for (const { from, length, to } of edges) {
      for (const [left, right] of [
        [from, to],
        [to, from]
      ] as const) {
        const reached = elementAt(distance, left) + length
        if (reached < elementAt(distance, right)) {
          distance[right] = reached
          before[right] = left
        }
      }
    }
  }
  return { distance, before }
}

const shortestPath = defineGenerator({
  name: "shortest-path",
  topic: "algorithms",
  description: "Any shortest path between two nodes of a weighted graph",
  hints: [
    "Keep the best known distance of every node; settle the nearest unsettled node each time."
  ],
  instance: WeightedGraph,
  draw: (random, difficulty) => drawGraph(random, difficulty + 4),
  statement: ({ count, edges }) =>
    `The roads between the towns ${nodes.slice(0, count).join(", ")} have these lengths: ${showEdges(edges)}. Find a shortest way from A to ${nodes[count - 1]}.`,
  form: "the towns on the way in order, both ends included, with commas between them",
  canonical: (graph) => `shortest-path ${canonicalGraph(graph)}`,
  solve: (graph) => {
    const { before } = shortest(graph)
    const path = [graph.count - 1]
    while (path[0] !== 0) path.unshift(elementAt(before, elementAt(path, 0)))
    return path.map((node) => nodes[node]).join(", ")
  },
  size: ({ count }) => count,
  verify: (graph, answer) => {
    const path = parseNames(answer).map((name) => nodes.slice(0, graph.count).indexOf(name))
    if (path.includes(-1) || path[0] !== 0 || path.at(-1) !== graph.count - 1) return false
    const steps = path
      .slice(1)
      .map((node, index) => lengthBetween(graph.edges, elementAt(path, index), node))
    const total = steps.reduce<number>((sum, step) => sum + (step ?? Infinity), 0)
    return total === shortest(graph).distance.at(-1)
  }
})

const spanningTree = defineGenerator({
  name: "spanning-tree",
  topic: "algorithms",
  description: "The least total length of roads that connects all towns",
  hints: ["Take the shortest road that does not close a circle, again and again."],
  instance: WeightedGraph,
  draw: (random, difficulty) => drawGraph(random, difficulty + 4),
  statement: ({ count, edges }) =>
    `Cables can be laid between the towns ${nodes.slice(0, count).join(", ")} at these lengths: ${showEdges(edges)}. What is the least total length that connects all towns?`,
  form: "the total length",
  canonical: (graph) => `spanning-tree ${canonicalGraph(graph)}`,
  solve: ({ count, edges }) => {
    const group = repeated(count, (index) => index)
    let total = 0
    for (const { from, length, to } of edges.toSorted(
      (left, right) => left.length - right.length
    )) {
      const [kept, merged] = [elementAt(group, from), elementAt(group, to)]
      if (kept === merged) continue
      total += length
      for (const [node, name] of group.entries()) if (name === merged) group[node] = kept
    }
    return String(total)
  },
  size: ({ count }) => count
})

const Maze = Schema.Struct({ rows: Schema.Array(Schema.String) })
type Maze = typeof Maze.Type

const moves = { U: [-1, 0], D: [1, 0], L: [0, -1], R: [0, 1] } as const

const isMove = (letter: string): letter is keyof typeof moves => letter in moves

const walk = ({ rows }: Maze, path: string): readonly [number, number] | undefined => {
  let [row, column] = [0, 0]
  for (const letter of path) {
    if (!isMove(letter)) return undefined
    row += moves[letter][0]
    column += moves[letter][1]
    if (rows[row]?.[column] !== ".") return undefined
  }
  return [row, column]
}

const solveMaze = (maze: Maze): string | undefined => {
  const goal = maze.rows.length - 1
  const seen = new Set(["0,0"])
  let paths = [""]
  while (paths.length > 0) {
    const longer: Array<string> = []
    for (const path of paths) {
      const place = walk(maze, path)
      if (place?.[0] === goal && place[1] === goal) return path
      for (const letter of Object.keys(moves)) {
        const next = walk(maze, path + letter)
        if (next === undefined || seen.has(next.join(","))) continue
        seen.add(next.join(","))
        longer.push(path + letter)
      }
    }
    paths = longer
  }
  return undefined
}

const mazePath = defineGenerator({
  name: "maze-path",
  topic: "algorithms",
  description: "Any way through a maze",
  hints: ["Mark the cells that can be reached in one step, in two steps, and so on, then go back."],
  instance: Maze,
  draw: (random, difficulty) =>
    drawUntil(
      () => {
        const side = difficulty + 3
        return {
          rows: repeated(side, (row) =>
            repeated(side, (column) => {
              const isEnd = (row === 0 && column === 0) || (row === side - 1 && column === side - 1)
              return isEnd || random() < 0.68 ? "." : "#"
            }).join("")
          )
        }
      },
      (maze) => maze.rows.join("").includes("#") && solveMaze(maze) !== undefined
    ),
  statement: ({ rows }) =>
    `Find a way from the upper left cell to the lower right cell of this maze; # is a wall:\n${rows.join("\n")}`,
  form: "the moves as a word of the letters U (up), D (down), L (left) and R (right)",
  solve: (maze) => solveMaze(maze) ?? "",
  size: ({ rows }) => rows.length,
  verify: (maze, answer) => {
    const end = walk(maze, answer.toUpperCase().replaceAll(/[\s,]/g, ""))
    return end?.[0] === maze.rows.length - 1 && end[1] === maze.rows.length - 1
  }
})

const numberSort = defineGenerator({
  name: "number-sort",
  topic: "algorithms",
  description: "A list of integers in ascending order",
  hints: ["Split the list, sort both halves, and merge them."],
  instance: Schema.Struct({ numbers: Integers }),
  draw: (random, difficulty) => ({
    numbers: repeated(3 + 2 * difficulty, () => randomInteger(random, -999, 999))
  }),
  statement: ({ numbers }) => `Sort in ascending order: ${numbers.join(", ")}`,
  form: "the sorted numbers with commas between them",
  canonical: ({ numbers }) => `number-sort ${numbers.toSorted((a, b) => a - b).join(" ")}`,
  solve: ({ numbers }) => numbers.toSorted((a, b) => a - b).join(", "),
  size: ({ numbers }) => numbers.length,
  verify: ({ numbers }, answer) =>
    parseIntegers(answer)?.join(" ") === numbers.toSorted((a, b) => a - b).join(" ")
})

/** Whether `part` holds no number more often than `whole` does. */
const isPart = (part: ReadonlyArray<number>, whole: ReadonlyArray<number>): boolean =>
  part.every((value) => countOf(part, value) <= countOf(whole, value))

const countOf = (list: ReadonlyArray<number>, value: number): number =>
  list.filter((other) => other === value).length

const sum = (numbers: ReadonlyArray<number>): number =>
  numbers.reduce((total, value) => total + value, 0)

const subsetSum = defineGenerator({
  name: "subset-sum",
  topic: "algorithms",
  description: "Any of the numbers of a list that add up to a given total",
  hints: ["Note which totals can be reached with the first number, the first two, and so on."],
  instance: Schema.Struct({ numbers: Integers, part: Integers }),
  draw: (random, difficulty) => {
    const numbers = repeated(difficulty + 4, () => randomInteger(random, 1, 99))
    const count = randomInteger(random, 2, numbers.length - 2)
    return { numbers, part: sampled(random, numbers, count) }
  },
  statement: ({ numbers, part }) =>
    `Choose some of the numbers ${numbers.join(", ")}, each at most as often as it stands there, that add up to ${sum(part)}.`,
  form: "the chosen numbers with commas between them",
  canonical: ({ numbers, part }) =>
    `subset-sum ${sum(part)} ${numbers.toSorted((a, b) => a - b).join(" ")}`,
  solve: ({ part }) => part.join(", "),
  size: ({ numbers }) => numbers.length,
  verify: ({ numbers, part }, answer) => {
    const chosen = parseIntegers(answer)
    return chosen !== undefined && sum(chosen) === sum(part) && isPart(chosen, numbers)
  }
})

/** `best[v]`: the coins of a fewest-coins payment of `v`. */
const fewestCoins = (coins: ReadonlyArray<number>, amount: number): Array<number> => {
  const best: Array<Array<number> | undefined> = [[]]
  for (let value = 1; value <= amount; value++) {
    for (const coin of coins) {
      const rest = best[value - coin]
      const known = best[value]
      if (rest !== undefined && (known === undefined || rest.length + 1 < known.length)) {
        best[value] = [...rest, coin]
      }
    }
  }
  return best[amount] ?? []
}

const coinChange = defineGenerator({
  name: "coin-change",
  topic: "algorithms",
  description: "Any payment of an amount with the fewest coins",
  hints: ["The largest coin first is not always best; build up from the small amounts."],
  instance: Schema.Struct({ coins: Integers, amount: Schema.Int }),
  draw: (random, difficulty) => ({
    coins: [
      1,
      ...sampled(
        random,
        repeated(13, (index) => index + 2),
        3
      )
    ].toSorted((a, b) => a - b),
    amount: randomInteger(random, 14 * difficulty, 14 * difficulty + 13)
  }),
  statement: ({ amount, coins }) =>
    `There are coins of ${coins.join(", ")} cents, as many as you like. Pay ${amount} cents with as few coins as possible.`,
  form: "the coins with commas between them, a coin that is used twice written twice",
  solve: ({ amount, coins }) => fewestCoins(coins, amount).join(", "),
  size: ({ amount }) => Math.floor(amount / 14),
  verify: ({ amount, coins }, answer) => {
    const paid = parseIntegers(answer)
    if (paid === undefined || !paid.every((coin) => coins.includes(coin))) return false
    return sum(paid) === amount && paid.length === fewestCoins(coins, amount).length
  }
})

const longestRise = (numbers: ReadonlyArray<number>): Array<number> => {
  const best: Array<Array<number>> = []
  for (const [index, value] of numbers.entries()) {
    const before = best
      .filter((_, other) => elementAt(numbers, other) < value)
      .reduce<Array<number>>((long, list) => (list.length > long.length ? list : long), [])
    best[index] = [...before, value]
  }
  return best.reduce<Array<number>>((long, list) => (list.length > long.length ? list : long), [])
}

/** Whether `part` stands in `whole` in this order, with gaps. */
const isSubsequence = <A>(part: Iterable<A>, whole: ReadonlyArray<A>): boolean => {
  let place = 0
  for (const value of part) {
    const found = whole.indexOf(value, place)
    if (found < 0) return false
    place = found + 1
  }
  return true
}

const increasingSubsequence = defineGenerator({
  name: "increasing-subsequence",
  topic: "algorithms",
  description: "Any longest strictly increasing subsequence",
  hints: ["For every number, find the longest rise that ends with it, from left to right."],
  instance: Schema.Struct({ numbers: Integers }),
  draw: (random, difficulty) => ({
    numbers: repeated(4 + 2 * difficulty, () => randomInteger(random, 1, 99))
  }),
  statement: ({ numbers }) =>
    `Cross out as few numbers as possible so that the others rise strictly from left to right: ${numbers.join(", ")}`,
  form: "the numbers that are left, in order, with commas between them",
  solve: ({ numbers }) => longestRise(numbers).join(", "),
  size: ({ numbers }) => numbers.length,
  verify: ({ numbers }, answer) => {
    const kept = parseIntegers(answer)
    return (
      kept !== undefined &&
      kept.length === longestRise(numbers).length &&
      kept.every((value, index) => index === 0 || elementAt(kept, index - 1) < value) &&
      isSubsequence(kept, numbers)
    )
  }
})

const colours = ["red", "green", "blue"] as const

const graphColouring = defineGenerator({
  name: "graph-colouring",
  topic: "algorithms",
  description: "Any colouring of a map with three colours",
  hints: ["Colour a country with many neighbours first; then the one that has the fewest choices."],
  instance: Schema.Struct({
    edges: Schema.Array(Integers),
    colouring: Schema.Array(Schema.Literals(colours))
  }),
  draw: (random, difficulty) => {
    const count = difficulty + 4
    const colouring = drawUntil(
      () => repeated(count, () => randomElement(random, colours)),
      (drawn) => new Set(drawn).size === 3
    )
    const pairs = repeated(count, (right) => repeated(right, (left) => [left, right]))
      .flat()
      .filter(([left = 0, right = 0]) => colouring[left] !== colouring[right])
    return { edges: sampled(random, pairs, Math.floor(1.6 * count)), colouring }
  },
  statement: ({ colouring, edges }) =>
    `Colour the countries ${nodes.slice(0, colouring.length).join(", ")} red, green or blue so that neighbours differ. Neighbours are: ${edges
      .map(([left = 0, right = 0]) => `${nodes[left]}-${nodes[right]}`)
      .join(", ")}.`,
  form: "all countries, as in: A = red, B = blue",
  canonical: ({ colouring, edges }) =>
    `graph-colouring ${colouring.length} ${edges
      .map((edge) => edge.join("-"))
      .toSorted()
      .join(" ")}`,
  solve: ({ colouring }) =>
    colouring.map((colour, index) => `${nodes[index]} = ${colour}`).join(", "),
  size: ({ colouring }) => colouring.length,
  verify: ({ colouring, edges }, answer) => {
    const pairs = parsePairs(answer)
    if (pairs === undefined || pairs.size !== colouring.length) return false
    const chosen = colouring.map((_, index) => pairs.get(elementAt(nodes, index))?.toLowerCase())
    return (
      chosen.every((colour) => colours.some((known) => known === colour)) &&
      edges.every(([left = 0, right = 0]) => chosen[left] !== chosen[right])
    )
  }
})

const knapsack = defineGenerator({
  name: "knapsack",
  topic: "algorithms",
  description: "The greatest value that fits into a bag",
  hints: [
    "For every weight up to the limit, note the best value with the first things, and go on."
  ],
  instance: Schema.Struct({
    things: Schema.Array(Schema.Struct({ weight: Schema.Int, value: Schema.Int })),
    limit: Schema.Int
  }),
  draw: (random, difficulty) => {
    const things = repeated(difficulty + 3, () => ({
      weight: randomInteger(random, 1, 20),
      value: randomInteger(random, 1, 50)
    }))
    const total = sum(things.map(({ weight }) => weight))
    return { things, limit: Math.max(1, Math.floor(total * (0.4 + 0.2 * random()))) }
  },
  statement: ({ limit, things }) =>
    `A bag holds at most ${limit} kg. These things can go into it, each once: ${things
      .map(({ value, weight }) => `${weight} kg worth ${value}`)
      .join(", ")}. What is the greatest total worth?`,
  form: "the greatest total worth",
  canonical: ({ limit, things }) =>
    `knapsack ${limit} ${things
      .map(({ value, weight }) => `${weight}:${value}`)
      .toSorted()
      .join(" ")}`,
  solve: ({ limit, things }) => {
    const best = repeated(limit + 1, () => 0)
    for (const { value, weight } of things) {
      for (let room = limit; room >= weight; room--) {
        best[room] = Math.max(elementAt(best, room), elementAt(best, room - weight) + value)
      }
    }
    return String(best[limit])
  },
  size: ({ things }) => things.length
})

const Talks = Schema.Array(Schema.Struct({ start: Schema.Int, end: Schema.Int }))

const mostTalks = (talks: typeof Talks.Type): Array<number> => {
  const order = talks
    .map((talk, index) => ({ ...talk, index }))
    .toSorted((left, right) => left.end - right.end)
  const chosen: Array<number> = []
  let free = -Infinity
  for (const { end, index, start } of order) {
    if (start < free) continue
    chosen.push(index)
    free = end
  }
  return chosen
}

const schedule = defineGenerator({
  name: "schedule",
  topic: "algorithms",
  description: "Any largest choice of talks that do not overlap",
  hints: ["Of the talks that can still be heard, take the one that ends first."],
  instance: Schema.Struct({ talks: Talks }),
  draw: (random, difficulty) => ({
    talks: repeated(difficulty + 4, () => {
      const start = randomInteger(random, 0, 20)
      return { start, end: start + randomInteger(random, 1, 6) }
    })
  }),
  statement: ({ talks }) =>
    `These talks are given: ${talks
      .map(({ end, start }, index) => `${nodes[index]} from ${start} to ${end}`)
      .join(
        ", "
      )}. One may begin when another ends, but they must not overlap. Choose as many as possible.`,
  form: "the letters of the chosen talks with commas between them",
  solve: ({ talks }) =>
    mostTalks(talks)
      .map((index) => nodes[index])
      .join(", "),
  size: ({ talks }) => talks.length,
  verify: ({ talks }, answer) => {
    const chosen = parseNames(answer).map((name) => nodes.slice(0, talks.length).indexOf(name))
    if (chosen.includes(-1) || new Set(chosen).size !== chosen.length) return false
    const order = chosen
      .map((index) => elementAt(talks, index))
      .toSorted((left, right) => left.start - right.start)
    return (
      chosen.length === mostTalks(talks).length &&
      order.every(({ start }, index) => index === 0 || elementAt(order, index - 1).end <= start)
    )
  }
})

export const algorithms: ReadonlyArray<DefinedGenerator> = [
  shortestPath,
  spanningTree,
  mazePath,
  numberSort,
  subsetSum,
  coinChange,
  increasingSubsequence,
  graphColouring,
  knapsack,
  schedule
]
