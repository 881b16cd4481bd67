// The Worker that runs while the sources do not build: every request is 503 with the errors, and none waits.

export default {
  fetch: (_request: Request, { BUILD_ERRORS }: { readonly BUILD_ERRORS: readonly string[] }): Response =>
    new Response(`${BUILD_ERRORS.join("\n")}\n`, {
      status: 503,
      headers: { "Cache-Control": "no-store", "Content-Type": "text/plain; charset=utf-8" },
    }),
};
