import { splitOnce } from "../../build/index.ts";
import { UsageError } from "../usage-error.ts";

/** What `--call` asks for instead of an image. */
export interface Call {
  readonly method: "check" | "outline" | "targets";
  readonly format: "text" | "json";
  /** Warnings do not make the command fail. */
  readonly ignoresStatus: boolean;
}

export interface CallFlags {
  readonly call?: string;
  readonly check?: boolean;
}

const methods: Readonly<Record<string, Call["method"] | "build">> = {
  build: "build",
  check: "check",
  lint: "check",
  outline: "outline",
  targets: "targets",
};

/** Reads `--call METHOD[,format=text|json][,ignorestatus=BOOL]`, and `--check`; undefined = build an image.
 * @throws {UsageError} */
export function parseCall({ call, check }: CallFlags): Call | undefined {
  const text = call ?? (check ? "check" : "build");
  const [name = "", ...fields] = text.split(",");
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method)
    throw new UsageError(`Cannot use --call "${name}": unknown method`, {
      hint: "methods are build, check, outline, targets",
    });
  let [format, ignoresStatus]: [Call["format"], boolean] = ["text", false];
  for (const field of fields) {
    const [key, value = "true"] = splitOnce(field);
    if (key === "format" && (value === "text" || value === "json")) format = value;
    else if (key === "ignorestatus" && (value === "true" || value === "false"))
      ignoresStatus = value === "true";
    else
      throw new UsageError(`Cannot use --call "${text}": invalid field "${field}"`, {
        hint: "fields are format=text, format=json and ignorestatus=true",
      });
  }
  return method === "build" ? undefined : { method, format, ignoresStatus };
}
