import type { SourceRange } from "../../errors/index.ts";
import type { InstructionBase } from "../instructions/instruction.ts";
import type { RuleName } from "./rules.ts";

/** A place where a rule is violated. */
export interface Finding {
  readonly rule: RuleName;
  readonly message: string;
  /** The instruction at fault; comments above it may have the rule skipped. */
  readonly instruction: InstructionBase;
  /** Default: the whole instruction. */
  readonly range?: SourceRange;
}
