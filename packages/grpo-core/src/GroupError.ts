/** Groups whose returns cannot be compared. */
import * as Schema from "effect/Schema"

/**
 * A group of fewer than two members has no relative advantage. (Some libraries return the raw reward
 * here, which is a different objective.)
 */
export class GroupTooSmall extends Schema.TaggedError<GroupTooSmall>()("GroupTooSmall", {
  size: Schema.Int,
  task: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const of = this.task === undefined ? "A group" : `The group of task ${this.task}`
    return `${of} has ${this.size} member(s); a relative advantage needs at least 2 episodes of one task.`
  }
}

/** A return is NaN or infinite. `index` is its place in the group, from 0. */
export class NonFiniteReturn extends Schema.TaggedError<NonFiniteReturn>()("NonFiniteReturn", {
  index: Schema.Int,
  value: Schema.Number,
  task: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    const of = this.task === undefined ? "the group" : `the group of task ${this.task}`
    return `Return ${this.index} of ${of} is ${this.value}; repair the reward, which must be finite.`
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
