/** Groups whose returns cannot be compared. */
import * as Schema from "effect/Schema"

/** Where the group is, as far as it is known: its task, or its place in the batch (from 0). */
const place = {
  task: Schema.optionalKey(Schema.String),
  group: Schema.optionalKey(Schema.Int)
}

interface Place {
  readonly task?: string
  readonly group?: number
}

const named = ({ group, task }: Place): string => {
  if (task !== undefined) return `the group of task ${task}`
  return group === undefined ? "the group" : `group ${group} of the batch`
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/**
 * A group of fewer than two members has no relative advantage. (Some libraries return the raw reward
 * here, which is a different objective.)
 */
export class GroupTooSmall extends Schema.TaggedError<GroupTooSmall>()("GroupTooSmall", {
  size: Schema.Int,
  ...place
}) {
  override get message(): string {
    return `${capitalised(named(this))} has ${this.size} member(s); a relative advantage needs at least 2 episodes of one task.`
  }
}

/** A return is NaN or infinite. `index` is its place in the group, from 0. */
export class NonFiniteReturn extends Schema.TaggedError<NonFiniteReturn>()("NonFiniteReturn", {
  index: Schema.Int,
  value: Schema.Number,
  ...place
}) {
  override get message(): string {
    return `Return ${this.index} of ${named(this)} is ${this.value}; repair the reward, which must be finite.`
  }
}

/** A group holds an episode of another task. */
export class MixedTasks extends Schema.TaggedError<MixedTasks>()("MixedTasks", {
  task: Schema.String,
  other: Schema.String,
  episode: Schema.String
}) {
  override get message(): string {
    return `The group of task ${this.task} holds episode ${this.episode} of task ${this.other}; compare only episodes of one task.`
  }
}

/** A form divides by the mean return, which needs returns of at least 0. */
export class NegativeReturn extends Schema.TaggedError<NegativeReturn>()("NegativeReturn", {
  index: Schema.Int,
  value: Schema.Number,
  ...place
}) {
  override get message(): string {
    return `Return ${this.index} of ${named(this)} is ${this.value}; MeanNormalised divides by the mean, so give it returns of at least 0 or choose another form.`
  }
}

/** A difference of returns is beyond the largest double. */
export class AdvantageOverflow extends Schema.TaggedError<AdvantageOverflow>()(
  "AdvantageOverflow",
  { index: Schema.Int, ...place }
) {
  override get message(): string {
    return `Return ${this.index} of ${named(this)} is too far from the mean for a double; scale the rewards, or choose a form that divides by a standard deviation.`
  }
}
