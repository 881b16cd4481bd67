// The load generator's process: gets a plan, runs its window, sends the result.
// Must never run in the process that measures: its own work would delay what it times.
import { loadWindow, type WindowPlan } from "./window.ts";

process.on("message", async (plan: WindowPlan) => {
  process.send?.(await loadWindow(plan));
});
process.on("disconnect", () => process.exit());
