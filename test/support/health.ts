// HEALTH_KEY of the tests: with it in X-Health-Key the health page shows all checks and the warnings.
// Must never be the key of anything else.

/** The setting. */
export const withHealthKey = { HEALTH_KEY: "health-key-of-the-tests" } as const;

/** The header that goes with it. */
export const healthKeyHeader = { "x-health-key": withHealthKey.HEALTH_KEY } as const;
