/** A Dockerfile, its context, and what is changed between one build and the next. Every reference is a number that is taken modulo
 * what there is, so that a scenario stays one whatever is left out of it. */
export interface Scenario {
  readonly files: readonly ContextFile[];
  readonly stages: readonly Stage[];
  readonly edits: readonly Edit[];
}

export interface ContextFile {
  readonly path: string;
  readonly kind: "file" | "executable" | "link" | "directory";
  /** Content of a file, target of a link. */
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
      readonly from: number;
      readonly source: string;
      readonly dest: string;
      readonly flags: readonly string[];
    }
  | { readonly kind: "heredoc"; readonly dest: string; readonly text: string }
  | {
      readonly kind: "run";
      readonly commands: readonly string[];
      readonly mounts: readonly string[];
      /** Of a bind mount of a stage. */
      readonly from: number;
    }
  /** WORKDIR, ENV, ARG, LABEL, USER: as they are. */
  | { readonly kind: "plain"; readonly text: string };

export type Edit =
  | { readonly kind: "write"; readonly file: ContextFile }
  | { readonly kind: "chmod" | "delete" | "touch" | "rewrite"; readonly path: string; readonly mode: number }
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
  /** Some layers, or records, of the cache are gone. */
  | { readonly kind: "lose"; readonly what: "layers" | "records" | "index"; readonly nth: number };
