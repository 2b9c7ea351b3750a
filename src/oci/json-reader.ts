/** A value of a JSON document that came from elsewhere, with its place for messages. Nothing is trusted: each accessor
 * checks the type and calls `fail` when it is another. As in Go, `null` and an absent member are the same. */
export class JsonReader {
  readonly #value: unknown;
  readonly #path: string;
  readonly #fail: (message: string) => Error;

  constructor(value: unknown, fail: (message: string) => Error, path = "") {
    this.#value = value;
    this.#fail = fail;
    this.#path = path;
  }

  get isAbsent(): boolean {
    return this.#value === undefined || this.#value === null;
  }

  member(name: string): JsonReader {
    const members = this.#object();
    const value = Object.hasOwn(members, name) ? members[name] : undefined;
    return new JsonReader(value, this.#fail, this.#path ? `${this.#path}.${name}` : name);
  }

  string(): string {
    if (typeof this.#value !== "string") throw this.wrong("a string");
    return this.#value;
  }

  boolean(): boolean {
    if (typeof this.#value !== "boolean") throw this.wrong("true or false");
    return this.#value;
  }

  /** A whole number, at least 0 unless `min` says otherwise. Large ones lose precision, as they do in JSON.parse. */
  integer(min = 0): number {
    if (typeof this.#value !== "number" || !Number.isInteger(this.#value) || this.#value < min) {
      throw this.wrong(min === 0 ? "a whole number, 0 or more" : "a whole number");
    }
    return this.#value;
  }

  /** Elements of an array; an absent one is empty. */
  elements(limit: number): readonly JsonReader[] {
    if (this.isAbsent) return [];
    if (!Array.isArray(this.#value)) throw this.wrong("an array");
    if (this.#value.length > limit) throw this.wrong(`at most ${limit} elements`, `${this.#value.length}`);
    return this.#value.map((element, index) => {
      return new JsonReader(element, this.#fail, `${this.#path}[${index}]`);
    });
  }

  strings(limit: number): readonly string[] {
    return this.elements(limit).map((element) => element.string());
  }

  /** Members of an object whose values are strings. */
  stringMap(limit: number): Readonly<Record<string, string>> {
    return Object.fromEntries(this.keys(limit).map((key) => [key, this.member(key).string()]));
  }

  keys(limit: number): readonly string[] {
    const keys = Object.keys(this.#object());
    if (keys.length > limit) throw this.wrong(`at most ${limit} members`, `${keys.length}`);
    return keys;
  }

  /** What `read` gives, or undefined for an absent value. */
  optional<Value>(read: (reader: JsonReader) => Value): Value | undefined {
    return this.isAbsent ? undefined : read(this);
  }

  /** The error for a value that is not what it should be. */
  wrong(wanted: string, got = describe(this.#value)): Error {
    return this.#fail(`${this.#path || "the document"} must be ${wanted}, got ${got}`);
  }

  #object(): Record<string, unknown> {
    if (typeof this.#value !== "object" || this.#value === null || Array.isArray(this.#value)) {
      throw this.wrong("an object");
    }
    return this.#value as Record<string, unknown>;
  }
}

/** Object from entries, without those that are undefined. */
export function compact<Shape extends object>(
  members: {
    [Key in keyof Shape]: Shape[Key] | undefined;
  },
): Shape {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Shape;
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
