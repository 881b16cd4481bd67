// Metrics in a dataset of Workers Analytics Engine: one point a request.
// Must never fail a request, nor hold what would identify a person.
import type { Log } from "../log-events.ts";
import type { Metrics } from "./metrics-contract.ts";

/** For a request that was not sent to the origin; 0 would be a very quick one. */
const notAsked = -1;
/** Routes and methods may be of any length; a point may have 16 KB of texts. */
const longestTextCharacters = 200;

/**
 * The order is the schema in docs/observability.md: later versions may only add to the ends. The index is the
 * decision, by which Analytics Engine samples: a flood of requests that pass does not thin out the refusals.
 *
 * @param dataset the binding METRICS
 */
export function analyticsMetrics(dataset: AnalyticsEngineDataset, log: Log): Metrics {
  let logged = false;
  return {
    add(point) {
      const { decision, reason, operation, rule, method, country, status, issuer } = point;
      const texts = [decision, reason, operation, rule, method, country, issuer];
      try {
        dataset.writeDataPoint({
          indexes: [decision],
          blobs: texts.map((text) => (text ?? "").slice(0, longestTextCharacters)),
          doubles: [status, point.totalMilliseconds, point.originMilliseconds ?? notAsked],
        });
      } catch (error) {
        // Once: what fails for one point fails for all of them.
        if (!logged) log("metrics_failed", { error: error instanceof Error ? error.message : String(error) });
        logged = true;
      }
    },
  };
}
