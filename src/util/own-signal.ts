/** A signal that aborts when `signal` does, for one of many that wait on it: Node warns of a leak where more than 10 listen to one. */
export function ownSignal(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal]);
}
