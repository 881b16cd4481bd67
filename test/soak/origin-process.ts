// The soak's API in a process of its own.
// Must never outlive the process that started it.
import { openOrigin } from "./origin.ts";

const origin = await openOrigin();
process.on("message", async () => process.send?.(await origin.counts()));
process.on("disconnect", () => process.exit());
process.send?.({ url: origin.url });
