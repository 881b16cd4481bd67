// Runs around each test file: files share a process or a Worker, and none may see a clock or a global of another one.
import { afterAll, vi } from "vitest";

afterAll(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});
