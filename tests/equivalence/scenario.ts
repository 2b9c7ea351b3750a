/** A Dockerfile, its context, and what is changed between one build and the next. Every reference is a number that is taken modulo
 * what there is, so that a scenario stays one whatever is left out of it. */
export interface Scenario {
  readonly files: readonly ContextFile[];
  readonly stages: readonly Stage[];
  readonly edits: readonly Edit[];
}

export interface ContextFile {
  readonly path: string;
  readonly kind: "file" | "executable" | "link" | "hard-link" | "directory" | "archive";
  /** Content of a file, or of the files of an archive; target of a link. */
  readonly text: string;
}

export interface Stage {
  /** 0 is the base image; others are earlier stages. */
  readonly base: number;
  readonly steps: readonly Step[];
}

export type Step =
  | {
      readonly kind: "copy";
      readonly isAdd: boolean;
      readonly sources: readonly string[];
      readonly dest: string;
      readonly flags: readonly string[];
    }
  | {
      readonly kind: "copy-from";
      /** A stage, or a build context besides the main one. */
      readonly from: number | "extra";
      readonly source: string;
      readonly dest: string;
      readonly flags: readonly string[];
    }
  | { readonly kind: "heredoc"; readonly dest: string; readonly text: string }
  | {
      readonly kind: "run";
      readonly commands: readonly string[];
      readonly mounts: readonly string[];
      readonly isHeredoc: boolean;
      /** Of a bind mount of a stage. */
      readonly from: number;
    }
  /** Instructions that make no layer: as they are. */
  | { readonly kind: "plain"; readonly text: string };

export type Edit =
  | { readonly kind: "write"; readonly file: ContextFile }
  | { readonly kind: "chmod" | "delete" | "touch" | "rewrite"; readonly path: string; readonly mode: number }
  | { readonly kind: "xattr"; readonly path: string; readonly value: string }
  | { readonly kind: "rename"; readonly path: string; readonly to: string }
  | { readonly kind: "ignore"; readonly patterns: readonly string[] }
  | { readonly kind: "args"; readonly args: Readonly<Record<string, string>> }
  /** Takes the place of a step, goes before it, or removes it. */
  | {
      readonly kind: "step";
      readonly stage: number;
      readonly position: number;
      readonly step: Step | undefined;
      readonly inserts: boolean;
    }
  | { readonly kind: "target"; readonly stage: number }
  /** Everything, or one stage, runs again. */
  | { readonly kind: "no-cache"; readonly stage: number | undefined }
  /** The name of the base image is given to another image. */
  | { readonly kind: "base"; readonly number: number }
  /** Two builds of the same at once, with one store. */
  | { readonly kind: "beside" }
  /** The results go to an exported cache, and come back from it into an empty store. */
  | { readonly kind: "travel"; readonly mode: "min" | "max" }
  /** Some layers, or records, of the cache are gone. */
  | { readonly kind: "lose"; readonly what: "layers" | "records" | "index" | "blobs"; readonly nth: number };
