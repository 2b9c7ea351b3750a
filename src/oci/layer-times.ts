/** Times of files that a layer's tar has instead of their own, so that equal builds give equal bytes:
 * - `at-most`: a later time becomes this one, an earlier one stays (BuildKit's `rewrite-timestamp`);
 * - `exactly`: every file gets this one. */
export interface LayerTimes {
  readonly rule: "at-most" | "exactly";
  /** Since 1970; whole, perhaps negative. */
  readonly seconds: number;
}
