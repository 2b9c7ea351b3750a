import { didYouMean } from "../../errors/index.ts";
import type { DockerfileError } from "../dockerfile-error.ts";
import { parseCsvRecord } from "./csv.ts";
import { instructionError } from "./instruction-error.ts";

/** A `RUN --device`. */
export interface RunDevice {
  /** `vendor.com/class`, with `=name` or `=*`. */
  readonly name: string;
  /** Where there is no such device the step fails; otherwise it goes without. */
  readonly required: boolean;
}

/** Reads one `--device` value: a name, `name=NAME`, `required`, `required=BOOLEAN`.
 * @throws {DockerfileError} `DOCKERFILE_INSTRUCTION` with BuildKit's message */
export function parseDevice(value: string): RunDevice {
  let [name, required] = ["", false];
  for (const field of parseCsvRecord(value)) {
    const equals = field.indexOf("=");
    const key = (equals < 0 ? field : field.slice(0, equals)).toLowerCase();
    const text = equals < 0 ? undefined : field.slice(equals + 1);
    if (key === "required") required = text === undefined || parseRequired(text);
    else if (key === "name" && text !== undefined) {
      if (name !== "") throw instructionError(`device name already set to ${name}`);
      name = text;
    } else if (name === "") name = field;
    else throw unknownField(field, key, text);
  }
  return { name, required };
}

function parseRequired(text: string): boolean {
  if (/^(?:1|t|T|TRUE|true|True)$/.test(text)) return true;
  if (/^(?:0|f|F|FALSE|false|False)$/.test(text)) return false;
  throw instructionError(`invalid value for required: ${text}`);
}

function unknownField(field: string, key: string, text: string | undefined): DockerfileError {
  if (text === undefined) return instructionError(`invalid field '${field}' must be a key=value pair`);
  const hint = didYouMean(key, ["name", "required"]);
  return instructionError(`unexpected key '${key}' in '${field}'${hint}`);
}
