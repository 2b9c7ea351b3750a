/** Computes once per key: callers that ask while a computation runs, or after it succeeded, share its promise.
 * A failed computation is forgotten, so that the next caller tries again. */
export class SingleFlight<Key, Value> {
  readonly #flights = new Map<Key, Promise<Value>>();

  do(key: Key, compute: () => Promise<Value>): Promise<Value> {
    const running = this.#flights.get(key);
    if (running) return running;
    const flight = compute();
    this.#flights.set(key, flight);
    flight.catch(() => this.#flights.delete(key));
    return flight;
  }
}
