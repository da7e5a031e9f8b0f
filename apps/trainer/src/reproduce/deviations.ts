/** In what the reproduction is not the paper. */
import type { CellSettings } from "./Cell.ts"

/** One line for each known difference from the paper; what the paper leaves open says so. */
export const deviations = (settings: CellSettings): ReadonlyArray<string> => [
  "The student is a decoder of half a million weights pretrained on a generated language, not Gemma-3-12B-IT; its base holds some use of feedback from pretraining.",
  "The teacher is a script with the private knowledge, not the same model shown it. It never states an answer, by construction; the leak rate is measured all the same.",
  "Tasks come from two generators (two-digit sums with a hidden term; programs x => x * k ± m from examples), not Omni-MATH and OpenCodeInstruct. Underspecified tasks lack one piece of the statement; they are not Lost-in-Conversation's shards.",
  `Online methods draw new tasks at every step (${settings.steps * settings.tasks} in all) in place of one pass over 2,000; offline ones use ${settings.sftTasks} tasks.`,
  "Of several dialogues about a task that read the same, offline methods imitate one; of the right single answers, which all read the same, one a task is left.",
  "Underspecified tasks are an eighth of the dialogues of the pretraining corpus, so that the base knows that one can ask; no method trains on them.",
  "Q-priming: the question is written by a script over the private knowledge, not by the student shown it, which it is too small to follow.",
  `Learning rate ${settings.learningRate}, batch (${settings.tasks} tasks), temperature 1, ${settings.maxTokens} tokens a turn, loss averaged over tokens, all weights trained: not known of the paper.`,
  "The origin of the discount's exponent and how the paper measured the loss on the correct answer are not known; here 0.7^(t − 1), and the same dialogues of the base for every student.",
  "Three methods are variants of this project (marked “variant”): they separate γ from the teacher's reticence. No finding is answered by them.",
  "The embedded student was chosen among six pretraining mixtures by its results on held-out tasks (lab notebook, 23 November); other draws of these tasks are measured here."
]
